import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";

import { expect, test } from "vitest";

import { freePort } from "../support/core/free-port.ts";
import { until } from "../support/core/until.ts";

/** The output of `npm run demo` on any day: the samples are dated relative to today. */
const OUTPUT = `
EXPECTATION  HOST   USER      NEWEST (UTC)      REASON
databases    db-3   postgres  –                 never seen
servers      web-2  root      TIME              older than 26 h
2 of 5 slots of 3 expectations met, 1 paused

REPOSITORY
  HOST   USER      SNAPSHOTS  NEWEST (UTC)      AGE       STATE
examples/repositories/database
  db-1   postgres          4  TIME              HOURS     ok
  db-1   root              2  TIME              21 days   late
  db-2   postgres          1  TIME              HOURS     ok
examples/repositories/nas
  nas    UNKNOWN           1  TIME              HOURS     ok
  nas    anna              2  TIME              HOURS     ok
examples/repositories/web
  web-1  deploy            2  TIME              6 days    late
  web-1  root              5  TIME              HOURS     ok
  web-2  root              5  TIME              70 days   late
  web-2  www-data          2  TIME              HOURS     ok
  web-3  deploy            3  TIME              HOURS     ok
  web-3  root              1  TIME              692 days  late

examples/repositories/nas: damaged, corrupt
  PROSE

examples/repositories/laptop: failing, wrong_password
  PROSE

2 of 4 repositories fine, 7 of 11 backup sets ok

Metrics   http://localhost:PORT/metrics
Status    http://localhost:PORT/
Stop      Ctrl-C
`;

/** Leaves out the times, and the messages and hints. */
function masked(output: string): string {
  return stripVTControlCharacters(output)
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, "TIME            ")
    .replaceAll(/\d+ h +/g, "HOURS     ")
    .replaceAll(/(?<=(?:corrupt|wrong_password)\n)(?: {2}.*\n)+/g, "  PROSE\n");
}

test("the demo shows a table and the addresses, has expectations in its metrics, and ends at a signal", async () => {
  const port = await freePort();
  const demo = spawn(
    process.execPath,
    ["--conditions=source", "examples/demo.ts", "--bind", `127.0.0.1:${port}`],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, COLUMNS: "80" } },
  );
  let output = "";
  demo.stdout.setEncoding("utf8").on("data", (more: string) => (output += more));
  const errors = text(demo.stderr);
  const ended = once(demo, "exit");
  await until("the table", () => output.includes("Ctrl-C") || demo.exitCode !== null);
  expect(masked(output).replaceAll(String(port), "PORT")).toBe(OUTPUT);
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const series = [...(await response.text()).matchAll(/^backup_expect(?!ed).*$/gm)].map(
    ([line]) => line,
  );
  expect(series.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    'backup_expectation_paused_until_timestamp_seconds{expectation="nas"} 4070908800',
    'backup_expectation_unmet{expectation="databases",host="db-3",user="postgres",reason="never_seen"} 1',
    'backup_expectation_unmet{expectation="servers",host="web-2",user="root",reason="late"} 1',
    "backup_expectations 3",
  ]);
  demo.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(await errors).toBe("");
});
