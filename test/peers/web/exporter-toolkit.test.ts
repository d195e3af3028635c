import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import { textAnswer } from "../../../src/web/response.ts";
import { Protection } from "../../../src/web/config/protection.ts";
import { startServer } from "../../../src/web/server.ts";
import type { WebServer } from "../../../src/web/server.ts";
import { ArrayLogger } from "../../support/core/logger.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { ask, REQUESTS } from "../../support/web/web-config-requests.ts";
import { CERTIFICATES, WEB_CONFIGS } from "../../support/web/web-configs.ts";

/** Files that the toolkit accepts and the agent rejects, and why. */
const ONLY_TOOLKIT_ACCEPTS: ReadonlyMap<string, string> = new Map([
  ["second document", "the toolkit ignores it"],
  ["client CA without a certificate", "no client could log in"],
  ["min_version above max_version", "no client could connect"],
  ["hash with a missing character", "no password matches it"],
  ["user with a colon", "a Basic login cannot contain it"],
  ["rate limit without a burst", "every request would be rejected"],
  ["rate limit without a unit", "the toolkit reads nanoseconds"],
  ["negative burst", "every request would be rejected"],
]);

/** Files that the agent accepts and the toolkit rejects, and why. */
const ONLY_AGENT_ACCEPTS: ReadonlyMap<string, string> = new Map([
  ["without the cipher suite that HTTP/2 requires", "Go requires it even if no client uses it"],
]);

interface Verdict {
  readonly file: string;
  readonly address?: string;
  readonly refused?: string;
}

const NAMES = Object.keys(WEB_CONFIGS);
const ROUTES = new Map([["/", () => textAnswer(200, "page")]]);

describe.skipIf(!requirePeer("exporter-toolkit"))(
  "compared with Prometheus's exporter-toolkit",
  () => {
    let folder: string;
    const theirs = new Map<string, Verdict>();
    const ours = new Map<string, WebServer | string>();
    const protections: Protection[] = [];
    let endToolkit: () => Promise<unknown>;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "web-config-"));
      await cp(CERTIFICATES, folder, { recursive: true });
      const files = await Promise.all(
        NAMES.map(async (name, index) => {
          const file = join(folder, `${index}.yml`);
          await writeFile(file, WEB_CONFIGS[name] ?? "");
          return file;
        }),
      );
      const toolkit = spawn(requirePeer("exporter-toolkit") ?? "", files, {
        stdio: ["pipe", "pipe", "ignore"],
      });
      endToolkit = () => {
        const exit = once(toolkit, "close");
        toolkit.stdin.end();
        return exit;
      };
      for await (const line of createInterface(toolkit.stdout)) {
        theirs.set(NAMES[theirs.size] ?? "", JSON.parse(line));
        if (theirs.size === NAMES.length) break;
      }
      for (const [index, name] of NAMES.entries()) ours.set(name, await serve(files[index] ?? ""));
    });

    afterAll(async () => {
      for (const server of ours.values()) if (typeof server === "object") await server.stop(0);
      await Promise.all(protections.map((protection) => protection.stop()));
      await endToolkit();
      await rm(folder, { recursive: true });
    });

    async function serve(file: string): Promise<WebServer | string> {
      const common = { clock: systemClock, logger: new ArrayLogger() };
      try {
        const protection = await Protection.open({ file, open: [], ...common });
        protections.push(protection);
        const bind = { host: "127.0.0.1", port: 0 };
        return await startServer({ bind, routes: ROUTES, protection, ...common });
      } catch (error) {
        return error instanceof Error ? error.message.replaceAll(`${folder}/`, "") : String(error);
      }
    }

    test("the agent and the toolkit accept and reject the same files", () => {
      const rows = NAMES.map((name) => {
        const their = theirs.get(name)?.refused;
        const our = ours.get(name);
        return {
          name,
          toolkit: their === undefined ? "accepted" : "rejected",
          agent: typeof our === "string" ? "rejected" : "accepted",
          reason: typeof our === "string" ? our : (their ?? ""),
        };
      });
      const table = rows.map(({ name, toolkit, agent, reason }) =>
        [
          name.padEnd(42),
          toolkit.padEnd(9),
          agent.padEnd(9),
          (ONLY_TOOLKIT_ACCEPTS.get(name) ?? ONLY_AGENT_ACCEPTS.get(name) ?? reason).split("\n")[0],
        ].join(" "),
      );
      process.stdout.write(`${rows.length} files\n${table.join("\n")}\n`);
      const differing = rows.filter(({ toolkit, agent }) => toolkit !== agent);
      const named = (result: string): readonly string[] =>
        differing.filter(({ agent }) => agent === result).map(({ name }) => name);
      expect(named("rejected")).toEqual([...ONLY_TOOLKIT_ACCEPTS.keys()]);
      expect(named("accepted")).toEqual([...ONLY_AGENT_ACCEPTS.keys()]);
    });

    test("the agent and the toolkit give the same results for the same requests", async () => {
      const differing: string[] = [];
      const table: string[] = [];
      for (const config of NAMES) {
        const our = ours.get(config);
        const their = theirs.get(config)?.address?.split(":").at(-1);
        if (typeof our !== "object" || their === undefined) continue;
        const results: string[] = [];
        for (const [name, request] of Object.entries(REQUESTS)) {
          const [toolkit, agent] = await Promise.all([
            ask(Number(their), request),
            ask(our.address.port, request),
          ]);
          results.push(agent.split(",", 1)[0] ?? "");
          if (toolkit !== agent) differing.push(`${config}: ${name}: ${toolkit} / ${agent}`);
        }
        const counts = [...new Set(results)]
          .toSorted()
          .map((result) => `${results.filter((one) => one === result).length} × ${result}`);
        table.push(`${config.padEnd(42)} ${counts.join(", ")}`);
      }
      process.stdout.write(`${table.length} files × ${Object.keys(REQUESTS).length} requests\n`);
      process.stdout.write(`${table.join("\n")}\n`);
      expect(differing).toEqual([]);
    });
  },
);
