import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { reply, startReceiver } from "../support/otlp/otlp-receiver.ts";
import { installed, NODE } from "../support/agent/installed.ts";
import { Samples } from "../support/agent/samples.ts";
import { startServer } from "../support/http/server.ts";
import { until } from "../support/core/until.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

const program = join(installed(), "extended-main.mts");
let folder: string;
let file: string;

beforeAll(() => copyFile(join(import.meta.dirname, "extended-main.ts"), program));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "extensions-"));
  file = join(folder, "config.yaml");
});

afterEach(() => rm(folder, { recursive: true }));

const args = (...more: readonly string[]): string[] => [program, "--config", file, ...more];

const REPOSITORIES = [
  { repo: "folder:examples/repositories/web", password: { reversed: "drowssap-bew" } },
];

test("an agent with its own main module can add a backend and a secret scheme", async () => {
  await writeFile(file, JSON.stringify({ repositories: REPOSITORIES }));
  const { stdout } = await run(NODE, args("--once"), { cwd: ROOT });
  const samples = new Samples(stdout);
  const url = "folder:examples/repositories/web";
  expect(samples.value("backup_repository_up", { url })).toBe(1);
  expect(samples.of("backup_snapshot_count", { url })).toHaveLength(6);
  const { stdout: checked } = await run(NODE, args("--check-config"), { cwd: ROOT });
  expect(checked).toBe(
    "ok: 1 repository, 0 disabled; no repository was opened: add --open for that\n",
  );
});

test("a header of a push can use an added secret scheme", async () => {
  const receiver = await startReceiver();
  receiver.answers.push(reply(401, ""));
  const otlp = [{ endpoint: receiver.url, headers: { "x-token": { reversed: "YRANAC" } } }];
  await writeFile(file, JSON.stringify({ repositories: REPOSITORIES, otlp, bind: "none" }));
  const agent = await startServer({
    command: NODE,
    args: args(),
    announces: /(msg=starting)/,
    url: () => "",
  });
  await until("pushes", () => receiver.received.length > 1);
  await agent.stop();
  expect(receiver.received[0]?.headers["x-token"]).toBe("CANARY");
  expect(agent.log()).not.toContain("CANARY");
});
