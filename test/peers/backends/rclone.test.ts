import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { backendSuite } from "../../support/backends/backend-suite.ts";
import { openChildAt } from "../../support/backends/child-backend.ts";
import { children, childrenSince } from "../../support/stores/children.ts";
import { failureOf } from "../../support/core/failure.ts";
import { FaultServer, status } from "../../support/http/fault-server.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import {
  readSnapshots,
  resticSource,
  snapshotsOf,
} from "../../support/repository/read-snapshots.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";
import { restic } from "../../support/repository/restic-cli.ts";

const program = requirePeer("rclone") ?? "";
const { signal } = new AbortController();

describe.skipIf(program === "")("rclone", () => {
  let root: string;
  let config: string;
  const opened: Backend[] = [];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "rclone-"));
    config = join(root, "rclone.conf");
    await writeFile(config, "[place]\ntype = local\n");
  });

  afterAll(async () => {
    for (const backend of opened) await backend.close?.();
    await rm(root, { recursive: true });
    const left = await children();
    if (left.length > 0) throw new Error(`processes still run: ${left.join(", ")}`);
  });

  function open(repo: string, environment: Readonly<Record<string, string>> = {}): Backend {
    const backend = openChildAt(repo, {
      options: { "rclone.program": program },
      environment: { RCLONE_CONFIG: config, ...environment },
      clock: systemClock,
    });
    opened.push(backend);
    return backend;
  }

  backendSuite("rclone with a remote of rclone.conf", async (files) =>
    open(`rclone:place:${await repositoryFolder(files, await mkdtemp(join(root, "r-")))}`),
  );

  describe.skipIf(!requirePeer("restic"))("and restic", () => {
    const password = "rclone password";
    let repo: string;

    beforeAll(async () => {
      const data = join(root, "data");
      await mkdir(data);
      await writeFile(join(data, "file"), "content");
      repo = `rclone:place:${join(root, "repo")}`;
      await run(["init"]);
      for (const host of ["one", "two"]) await run(["backup", data, "--host", host]);
    });

    const run = (args: readonly string[]): Promise<string> =>
      restic(["-o", `rclone.program=${program}`, ...args], {
        repo,
        password,
        env: { RCLONE_CONFIG: config },
      });

    test("list the same snapshots", async () => {
      const expected = snapshotsOf(await run(["snapshots", "--json", "--no-lock"]));
      expect(expected).toHaveLength(2);
      const before = await children();
      const backend = open(repo);
      expect(await readSnapshots(backend, password)).toEqual(expected);
      expect(await childrenSince(before)).toHaveLength(1);
      await backend.close?.();
      expect(await childrenSince(before)).toEqual([]);
    });

    test("a second collection needs one list request", async () => {
      const source = resticSource(repo, password, {
        environment: { RCLONE_CONFIG: config },
        options: { "rclone.program": program },
      });
      const before = await children();
      const first = await source.collect(undefined, signal);
      expect(first).toMatchObject({ complete: true, state: { content: { snapshots: 2 } } });
      const second = await source.collect(first.state, signal);
      const { list, load } = first.state.cost;
      expect(second.state.cost).toMatchObject({ list: { requests: list.requests + 1 }, load });
      expect(await childrenSince(before)).toEqual([]);
    });
  });

  test("a missing folder is listed as empty, and its files are not found", async () => {
    const backend = open(`rclone:place:${join(root, "nowhere")}`);
    expect((await backend.list("keys", undefined, signal)).names).toEqual([]);
    expect(await failureOf(backend.load("config", "", signal))).toMatch(
      /^not_found: rclone:place:.*\/nowhere\/config: not found \(404\)$/,
    );
  });

  describe("the error explains", () => {
    const failing = (repo: string, environment: Readonly<Record<string, string>> = {}) =>
      failureOf(open(repo, environment).list("keys", undefined, signal));

    test("a remote that is not in rclone.conf", async () => {
      expect(await failing("rclone:nobody:path")).toMatch(
        /^config: rclone:nobody:path: \S+ exited with 1: "CRITICAL: .*didn't find section in config file.*": fix rclone\.conf, /,
      );
    });

    test("an encrypted rclone.conf, without a password prompt", async () => {
      const RCLONE_CONFIG = join(root, "encrypted.conf");
      const bytes = Buffer.alloc(64, 7).toString("base64");
      await writeFile(RCLONE_CONFIG, `# Encrypted\n\nRCLONE_ENCRYPT_V0:\n${bytes}\n`);
      expect(await failing("rclone:place:path", { RCLONE_CONFIG })).toMatch(
        /^config: rclone:place:path: .*not allowed to ask for password/,
      );
    });

    test("a refused key, without the key", async () => {
      const server = await FaultServer.start();
      const error = { status: 401, code: "unauthorized", message: "invalid key" };
      server.answers(status(401, { "content-type": "application/json" }, JSON.stringify(error)));
      const b2 = `:b2,account=AKIDAKID,key=SECRETKEY,endpoint="${server.url}"`;
      const failure = await failing(`rclone:${b2}:bucket/repo`);
      await server.stop();
      expect(failure).toMatch(
        /^denied: rclone::b2:bucket\/repo: .*invalid key \(401 unauthorized\)/,
      );
      for (const secret of ["AKIDAKID", "SECRETKEY"]) expect(failure).not.toContain(secret);
    });

    test("a bucket that cannot be listed", async () => {
      const environment = { RCLONE_LOW_LEVEL_RETRIES: "1" };
      const s3 = `:s3,provider=Other,env_auth=false,endpoint="http://127.0.0.1:1"`;
      expect(await failing(`rclone:${s3}:bucket/repo`, environment)).toMatch(
        /^transient unreachable: rclone::s3:bucket\/repo\/keys\/: the server answers 500; rclone logged "ERROR : keys: list failed: .*; run "rclone lsf :s3:bucket\/repo" for details$/,
      );
    });
  });

  test("a killed rclone process is replaced", async () => {
    const folder = await repositoryFolder(
      new Map([["config", Buffer.from("c")]]),
      join(root, "killed"),
    );
    const before = await children();
    const backend = open(`rclone:${folder}`);
    await backend.load("config", "", signal);
    const child = (await childrenSince(before))[0];
    if (child === undefined) return expect.fail("no rclone process found");
    process.kill(child, "SIGKILL");
    const loaded = await backend.load("config", "", signal).catch((error: unknown) => error);
    if (loaded instanceof Error) expect(loaded).toMatchObject({ transient: true });
    expect(await backend.load("config", "", signal)).toHaveLength(1);
    await backend.close?.();
    expect(await childrenSince(before)).toEqual([]);
  });
});
