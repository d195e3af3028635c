import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, expect, test } from "vitest";

import { reply, startReceiver } from "../support/otlp/otlp-receiver.ts";
import { Samples } from "../support/agent/samples.ts";
import { startServer } from "../support/http/server.ts";
import { until } from "../support/core/until.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(import.meta.dirname, "extended-main.ts");
const run = promisify(execFile);

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "extensions-"));
  file = join(folder, "config.yaml");
});

afterEach(() => rm(folder, { recursive: true }));

const args = (...more: readonly string[]): string[] => [
  "--conditions=source",
  MAIN,
  "--config",
  file,
  ...more,
];

const REPOSITORIES = [
  { repo: "folder:examples/repositories/web", password: { reversed: "drowssap-bew" } },
];

test("an agent of somebody else, with a backend and a way to secrets of their own", async () => {
  await writeFile(file, JSON.stringify({ repositories: REPOSITORIES }));
  const { stdout } = await run(process.execPath, args("--once"), { cwd: ROOT });
  const samples = new Samples(stdout);
  const url = "folder:examples/repositories/web";
  expect(samples.value("backup_repository_up", { url })).toBe(1);
  expect(samples.of("backup_snapshot_count", { url })).toHaveLength(6);
  const { stdout: checked } = await run(process.execPath, args("--check-config"), { cwd: ROOT });
  expect(checked).toBe("ok: 1 repository, 0 disabled\n");
});

test("a header of a push can come from their way to secrets", async () => {
  const receiver = await startReceiver();
  receiver.answers.push(reply(401, ""));
  const otlp = [{ endpoint: receiver.url, headers: { "x-token": { reversed: "YRANAC" } } }];
  await writeFile(file, JSON.stringify({ repositories: REPOSITORIES, otlp, bind: "none" }));
  const agent = await startServer({
    command: process.execPath,
    args: args(),
    announces: /(msg=starting)/,
    url: () => "",
  });
  await until("pushes", () => receiver.received.length > 1);
  await agent.stop();
  expect(receiver.received[0]?.headers["x-token"]).toBe("CANARY");
  expect(agent.log()).not.toContain("CANARY");
});
