// Runs the agent with the sample repositories in this folder: `npm run demo`. Flags go to the agent: `npm run demo -- --bind :9999`.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, styleText } from "node:util";

import { samplesOfToday } from "./samples-of-today.ts";

/** Age from which a backup set is late, as in the alert rule of examples/prometheus. */
const LATE_DAYS = 3;

interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

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

const metrics = await firstMetrics(agent);
if (metrics !== undefined) {
  print(`\n${table(parse(metrics))}\n`);
  print(`Metrics   ${address}/metrics\nStatus    ${address}/\nStop      Ctrl-C\n`);
}
const [code] = await ended;
process.exitCode = code ?? 1;

/** Passwords by repository name, for the repositories that the demo can open. */
async function passwords(): Promise<Readonly<Record<string, string>>> {
  const entries: readonly { repo: string; password: string; disabled?: boolean }[] = JSON.parse(
    await readFile(config, "utf8"),
  );
  return Object.fromEntries(
    entries
      .filter(({ repo, password }) => password === `${basename(repo)}-password`)
      .map(({ repo, password }) => [basename(repo), password]),
  );
}

/** Waits for the exposition: the agent answers 503 until every repository was collected once. undefined: the agent has ended. */
async function firstMetrics(running: ChildProcess): Promise<string | undefined> {
  while (running.exitCode === null && running.signalCode === null) {
    const response = await fetch(`${address}/metrics`).catch(() => undefined);
    const text = response?.ok === true ? await response.text() : "";
    const started = parse(text).find(({ name }) => name === "process_start_time_seconds");
    // If the port is in use, another program responds until the agent exits.
    if (started && started.value > performance.timeOrigin / 1000) return text;
    await sleep(100);
  }
  return undefined;
}

/** Parses the part of the exposition format that the agent uses. */
function parse(text: string): readonly Series[] {
  return text.split("\n").flatMap((line) => {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!match) return [];
    const [, name = "", labels = "", value = ""] = match;
    const pairs = [...labels.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)].map(
      ([, key = "", quoted = ""]) => [
        key,
        quoted.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped)),
      ],
    );
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

function table(series: readonly Series[]): string {
  const of = (name: string): readonly Series[] => series.filter((one) => one.name === name);
  const counts = of("backup_snapshot_count");
  const sets = of("backup_days_age").map(
    ({ labels: { url = "", host = "", user = "" }, value: days }) => {
      const count = counts.find(
        ({ labels }) => labels["url"] === url && labels["host"] === host && labels["user"] === user,
      );
      const state = days > LATE_DAYS ? styleText("red", "late") : styleText("green", "fine");
      return [url, host, user, String(count?.value ?? ""), `${days} d`, state];
    },
  );
  const failing = of("backup_repository_error").map(
    ({ labels: { url = "", error_type: type = "" } }) => {
      const unreadable =
        of("backup_repository_unreadable_snapshots").find(({ labels }) => labels["url"] === url)
          ?.value ?? 0;
      return `${url}: ${styleText("red", unreadable > 0 ? `${unreadable} unreadable snapshot` : type)}`;
    },
  );
  return `${columns([["REPOSITORY", "HOST", "USER", "SNAPSHOTS", "AGE", ""], ...sets])}\n\n${failing.join("\n")}\n`;
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function print(text: string): void {
  process.stdout.write(text);
}
