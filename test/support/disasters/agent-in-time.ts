import { spawnSync } from "node:child_process";
import { copyFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startAgent } from "../agent/agent.ts";
import type { RunningAgent } from "../agent/agent.ts";
import { installed } from "../agent/installed.ts";
import { until } from "../core/until.ts";

/** A scrape ends after this time, as in a configuration of Prometheus. */
const SCRAPE_LIMIT_MS = 30_000;
const HUNG_LIMIT_MS = 1000;

interface AgentParts {
  readonly hasStateDir: boolean;
  readonly hasInventory: boolean;
  /** An application with the installed instrumentation is in the place of the agent. */
  readonly isApplication: boolean;
}

/** The installed agent with a wall clock that the test sets. It has no other part of the test in it. */
export class AgentInTime {
  #settings: object;
  readonly #folder: string;
  /** The program, if it is not that of the installed agent. */
  readonly #main: string | undefined;
  /** Each look collects. */
  collects = true;
  /** Each look waits for an inventory. */
  waitsForInventory: boolean;
  /** How far the clock of the agent is ahead, milliseconds. */
  aheadMs = 0;
  #agent: RunningAgent | undefined;
  #hangs = false;

  private constructor(
    settings: object,
    folder: string,
    main: string | undefined,
    hasInventory: boolean,
  ) {
    this.#settings = settings;
    this.#folder = folder;
    this.#main = main;
    this.waitsForInventory = hasInventory;
  }

  static async create(
    settings: object,
    { hasStateDir, hasInventory, isApplication }: AgentParts,
  ): Promise<AgentInTime> {
    const folder = await mkdtemp(join(tmpdir(), "agent-in-time-"));
    const stateDir = hasStateDir ? { stateDir: join(folder, "state") } : {};
    return new AgentInTime(
      { enableLifecycle: true, ...stateDir, ...settings },
      folder,
      isApplication ? await installedApplication() : undefined,
      hasInventory,
    );
  }

  get isRunning(): boolean {
    return this.#agent !== undefined;
  }

  /** What the agent has logged since its last start. */
  get log(): string {
    return this.#agent?.log() ?? "";
  }

  /** @param changes to its settings, from now on */
  async start(now: number, changes: object = {}): Promise<void> {
    this.#settings = { ...this.#settings, ...changes };
    await this.#setTime(now);
    this.#agent = await startAgent(this.#settings, {
      ...(this.#main !== undefined && { main: this.#main }),
      env: {
        TZ: "UTC",
        LD_PRELOAD: FAKETIME,
        FAKETIME_TIMESTAMP_FILE: this.#clock,
        FAKETIME_NO_CACHE: "1",
      },
    });
    // A jump in the first collection, or in the first inventory, would be its time limit.
    if (this.collects) await this.#collected();
    if (this.waitsForInventory) await this.#inventoryOf(now);
  }

  /** Ends the agent as a lack of memory does. */
  async kill(): Promise<void> {
    this.#agent?.kill("SIGKILL");
    await this.#agent?.exit;
    await this.#agent?.stop();
    this.#agent = undefined;
  }

  /** The agent does nothing until `goOn`. */
  hang(): void {
    this.#agent?.kill("SIGSTOP");
    this.#hangs = true;
  }

  goOn(): void {
    this.#agent?.kill("SIGCONT");
    this.#hangs = false;
  }

  /** Reloads its settings. @param changes to the settings of the start */
  async reload(changes: object): Promise<void> {
    await this.#agent?.configure({ ...this.#settings, ...changes });
    await this.#agent?.reload();
  }

  /**
   * Collects, waits for an inventory if there is one, and scrapes.
   * @param now milliseconds since the epoch
   * @returns undefined: the agent does not answer
   */
  async look(now: number): Promise<string | undefined> {
    if (!this.#agent) return undefined;
    await this.#setTime(now);
    const { url } = this.#agent;
    try {
      if (this.collects) await this.#collected();
      if (this.waitsForInventory) await this.#inventoryOf(now);
      return await this.#fetch(`${url}/metrics`, "GET");
    } catch (error) {
      if (this.#hangs) return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#hangs) this.goOn();
    await this.#agent?.stop();
    await rm(this.#folder, { recursive: true });
  }

  async #collected(): Promise<void> {
    const { url = "" } = this.#agent ?? {};
    await until("a collection", () => this.#collect(url)).catch((error: unknown) => {
      throw new Error(`no collection, and the agent logged:\n${this.log}`, { cause: error });
    });
  }

  async #inventoryOf(now: number): Promise<void> {
    await until("an inventory", async () => {
      const samples = await this.#agent?.scrape();
      return (samples?.value("backup_repository_inventory_timestamp_seconds") ?? 0) >= now / 1000;
    });
  }

  /** Also waits for the collection of the start. */
  async #collect(url: string): Promise<boolean> {
    try {
      await this.#fetch(`${url}/-/collect?wait`, "POST");
      return true;
    } catch (error) {
      const isBusy = error instanceof Error && error.message.startsWith("409");
      // The agent has ended a connection that was too old after a jump.
      const isCut = error instanceof TypeError;
      if (!this.#hangs && (isBusy || isCut)) return false;
      throw error;
    }
  }

  async #fetch(url: string, method: string): Promise<string> {
    const signal = AbortSignal.timeout(this.#hangs ? HUNG_LIMIT_MS : SCRAPE_LIMIT_MS);
    // The timers of the agent see each jump: it ends connections that wait.
    const response = await fetch(url, { method, signal, headers: { connection: "close" } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${text}\n${this.log}`);
    return text;
  }

  get #clock(): string {
    return join(this.#folder, "clock");
  }

  /** The agent may read the file at any time: it never sees a part of it. */
  async #setTime(now: number): Promise<void> {
    await writeFile(
      `${this.#clock}-next`,
      `+${((now + this.aheadMs - Date.now()) / 1000).toFixed(3)}`,
    );
    await rename(`${this.#clock}-next`, this.#clock);
  }
}

/** The program of the application, beside the packages that it imports. */
async function installedApplication(): Promise<string> {
  const program = join(installed(), "application-in-time.ts");
  await copyFile(join(import.meta.dirname, "application-in-time.ts"), program);
  return program;
}

/** The library of the package faketime, in the folder of the machine's architecture. */
const FAKETIME = spawnSync("sh", ["-c", "ls /usr/lib/*/faketime/libfaketimeMT.so.1 2> /dev/null"], {
  encoding: "utf8",
}).stdout.trim();
