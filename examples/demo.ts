// Runs the agent with the sample repositories in this folder: `npm run demo`. Flags go to the agent: `npm run demo -- --bind :9999`.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import type { Status } from "../src/web/status/status.ts";
import { terminalColumns, textTable } from "../src/web/status/text-table.ts";
import { samplesOfToday } from "./samples-of-today.ts";

const flags = process.argv.slice(2);
const { values } = parseArgs({ args: flags, strict: false, options: { bind: { type: "string" } } });
const port = /:(\d+)$/.exec(String(values.bind ?? ":9121"))?.[1] ?? "9121";
const address = `http://localhost:${port}`;

// The agent runs in a temporary folder, in which the copies have the relative paths of the originals.
const folder = await mkdtemp(join(tmpdir(), "restic-otel-demo-"));
const config = join(import.meta.dirname, "demo.json");
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
let agent: ChildProcess | undefined;
// Ctrl-C also reaches the agent, and a second SIGINT would kill it: send SIGTERM.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => (agent ? agent.kill("SIGTERM") : process.exit(130)));

await samplesOfToday(join(folder, "examples/repositories"), await passwords());
const main = join(import.meta.dirname, "../src/main.ts");
const settings = ["--config", config, "--log-level", "error", ...flags];
agent = spawn(process.execPath, ["--conditions=source", main, ...settings], {
  stdio: ["ignore", "inherit", "inherit"],
  cwd: folder,
});
const ended = once(agent, "exit");

const status = await firstStatus(agent);
if (status !== undefined) {
  print(`\n${textTable(status, terminalColumns())}\n`);
  print(`Metrics   ${address}/metrics\nStatus    ${address}/\nStop      Ctrl-C\n`);
}
const [code] = await ended;
process.exitCode = code ?? 1;

/** Passwords by repository name, for the repositories that the demo can open. */
async function passwords(): Promise<Readonly<Record<string, string>>> {
  const parsed: { repositories: readonly { repo: string; password: string }[] } = JSON.parse(
    await readFile(config, "utf8"),
  );
  return Object.fromEntries(
    parsed.repositories
      .filter(({ repo, password }) => password === `${basename(repo)}-password`)
      .map(({ repo, password }) => [basename(repo), password]),
  );
}

/** Waits for the first collection: until then the agent answers 503. undefined: the agent has ended. */
async function firstStatus(running: ChildProcess): Promise<Status | undefined> {
  while (running.exitCode === null && running.signalCode === null) {
    const metrics = await answerOf("/metrics");
    const [, started = "0"] = /^process_start_time_seconds (\S+)$/m.exec(metrics ?? "") ?? [];
    // If the port is in use, another program responds until the agent exits.
    if (Number(started) > performance.timeOrigin / 1000) {
      const answer = await answerOf("/api/status");
      if (answer !== undefined) return JSON.parse(answer);
    }
    await sleep(100);
  }
  return undefined;
}

async function answerOf(path: string): Promise<string | undefined> {
  const response = await fetch(address + path).catch(() => undefined);
  return response?.ok === true ? response.text() : undefined;
}

function print(text: string): void {
  process.stdout.write(text);
}
