import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";

import { expect, test } from "vitest";

import { freePort } from "../support/core/free-port.ts";
import { until } from "../support/core/until.ts";

/** The output of `npm run demo` on any day: the samples are dated relative to today. */
const OUTPUT = `
REPOSITORY                      HOST   USER      SNAPSHOTS  AGE
examples/repositories/database  db-1   postgres  4          0 d    fine
examples/repositories/database  db-1   root      2          21 d   late
examples/repositories/database  db-2   postgres  1          0 d    fine
examples/repositories/nas       nas    UNKNOWN   1          0 d    fine
examples/repositories/nas       nas    anna      2          0 d    fine
examples/repositories/web       web-1  deploy    2          6 d    late
examples/repositories/web       web-1  root      5          0 d    fine
examples/repositories/web       web-2  root      5          70 d   late
examples/repositories/web       web-2  www-data  2          0 d    fine
examples/repositories/web       web-3  deploy    3          0 d    fine
examples/repositories/web       web-3  root      1          692 d  late

examples/repositories/laptop: wrong_password
examples/repositories/nas: 1 unreadable snapshot

Metrics   http://localhost:PORT/metrics
Status    http://localhost:PORT/
Stop      Ctrl-C
`;

test("the demo shows a table and the addresses, and ends at a signal", async () => {
  const port = await freePort();
  const demo = spawn(
    process.execPath,
    ["--conditions=source", "examples/demo.ts", "--bind", `127.0.0.1:${port}`],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  demo.stdout.setEncoding("utf8").on("data", (more: string) => (output += more));
  const errors = text(demo.stderr);
  const ended = once(demo, "exit");
  await until("the table", () => output.includes("Ctrl-C") || demo.exitCode !== null);
  expect(stripVTControlCharacters(output).replaceAll(String(port), "PORT")).toBe(OUTPUT);
  demo.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(await errors).toBe("");
});
