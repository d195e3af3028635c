// The agent on the sample repositories beside this file: `npm run demo`. Flags are handed on: `npm run demo -- --bind :9999`.
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, styleText } from "node:util";

/** Older than this is late: the threshold of the alert rule in examples/prometheus. */
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

const agent = spawn(
  process.execPath,
  [
    "--conditions=source",
    "src/main.ts",
    "--config",
    "examples/demo.json",
    "--log-level",
    "error",
    ...flags,
  ],
  { stdio: ["ignore", "inherit", "inherit"] },
);
const ended = new Promise<number>((resolve) => agent.once("exit", (code) => resolve(code ?? 1)));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => agent.kill(signal));

const metrics = await Promise.race([firstMetrics(), ended]);
if (typeof metrics === "string") {
  print(`\n${table(parse(metrics))}\n`);
  print(`Metrics   ${address}/metrics\nStart     ${address}/\nStop      Ctrl-C\n`);
}
process.exitCode = await ended;

/** The page answers 503 until every repository was read once. */
async function firstMetrics(): Promise<string> {
  for (;;) {
    const answer = await fetch(`${address}/metrics`).catch(() => undefined);
    if (answer?.ok) return answer.text();
    await sleep(100);
  }
}

/** Enough of the exposition format for what the agent writes. */
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
