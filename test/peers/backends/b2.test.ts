import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import { openB2At } from "../../support/backends/b2-backend.ts";
import { openChildAt } from "../../support/backends/child-backend.ts";
import { FakeB2 } from "../../support/backends/fake-b2.ts";
import { FaultServer } from "../../support/http/fault-server.ts";
import { LoopbackProxy } from "../../support/http/loopback-proxy.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import {
  readSnapshots,
  resticSource,
  snapshotsOf,
} from "../../support/repository/read-snapshots.ts";
import { restic } from "../../support/repository/restic-cli.ts";

const PEM = join(import.meta.dirname, "../../fixtures/tls/server.pem");
const { signal } = new AbortController();
const PASSWORD = "b2 password";
const REPO = "b2:backups:a b/ä+%";

/** No B2 server can be installed. These tests check the fake with programs that were written for the real service. */
describe.skipIf(!requirePeer("restic"))("the fake B2 server", () => {
  let root: string;
  let server: FaultServer;
  let proxy: LoopbackProxy;
  let b2: FakeB2;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "b2-"));
    await mkdir(join(root, "data"));
    await writeFile(join(root, "data/file"), "content");
    server = await FaultServer.start({ tls: { pem: await readFile(PEM, "utf8") } });
    b2 = new FakeB2(() => server.url);
    server.answers(b2.serve);
    proxy = await LoopbackProxy.start(() => server.port);
    await run(["init"]);
    for (const host of ["one", "two"]) await run(["backup", join(root, "data"), "--host", host]);
  });

  afterAll(async () => {
    await proxy.stop();
    await server.stop();
    await rm(root, { recursive: true });
  });

  /** Runs restic, which always connects to api.backblazeb2.com, with a proxy that forwards to the fake. */
  const run = (args: readonly string[]): Promise<string> =>
    restic(["--insecure-tls", ...args], {
      repo: REPO,
      password: PASSWORD,
      env: {
        B2_ACCOUNT_ID: b2.keyId,
        B2_ACCOUNT_KEY: b2.key,
        HTTPS_PROXY: `http://${proxy.where}`,
      },
    });

  const environment = (): Readonly<Record<string, string>> => b2.environment;

  test("works with restic, which writes and reads a repository", async () => {
    expect(snapshotsOf(await run(["snapshots", "--json"]))).toHaveLength(2);
    await run(["check", "--read-data"]);
    expect(proxy.asked).toContain("CONNECT api.backblazeb2.com:443");
  });

  test("gives the backend the snapshots that restic lists", async () => {
    const expected = snapshotsOf(await run(["snapshots", "--json", "--no-lock"]));
    const backend = await openB2At(REPO, { environment: environment(), insecureTls: true });
    expect(await readSnapshots(backend, PASSWORD)).toEqual(expected);
  });

  test("receives one list request from a second collection, with a key that is restricted to the bucket", async () => {
    const all = b2.may;
    b2.may = b2.restricted("a b/ä+%/");
    const source = resticSource(REPO, PASSWORD, { environment: environment(), insecureTls: true });
    b2.asked.length = 0;
    const first = await source.collect(undefined, signal);
    expect(first).toMatchObject({ complete: true, state: { content: { snapshots: 2 } } });
    const calls = b2.calls.map((call) => call.replace(/ .*/, ""));
    expect(calls.toSorted()).toEqual([
      ...Array.from({ length: 4 }, () => "GET"),
      "b2_authorize_account",
      "b2_list_file_names",
      "b2_list_file_names",
    ]);
    b2.asked.length = 0;
    await source.collect(first.state, signal);
    expect(b2.calls).toEqual(["b2_list_file_names"]);
    b2.may = all;
  });

  test.skipIf(!requirePeer("rclone"))("works with rclone", async () => {
    const expected = snapshotsOf(await run(["snapshots", "--json", "--no-lock"]));
    const all = b2.may;
    b2.may = b2.restricted();
    const settings = `account=${b2.keyId},key=${b2.key},endpoint="${server.url}",download_url="${server.url}"`;
    const backend = openChildAt(`rclone::b2,${settings}:backups/a b/ä+%`, {
      options: { "rclone.program": requirePeer("rclone") ?? "" },
      environment: { RCLONE_NO_CHECK_CERTIFICATE: "true" },
      clock: systemClock,
    });
    b2.asked.length = 0;
    expect(await readSnapshots(backend, PASSWORD)).toEqual(expected);
    await backend.close?.();
    b2.may = all;
    expect(b2.asked).toContain("b2_authorize_account v4");
    expect(b2.calls.join(" ")).toMatch(/b2_list_file_names .*GET \/file\/backups\/a%20b\//);
  });
});
