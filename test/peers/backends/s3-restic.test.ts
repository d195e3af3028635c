import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import {
  readSnapshots,
  resticSource,
  snapshotsOf,
} from "../../support/repository/read-snapshots.ts";
import { restic } from "../../support/repository/restic-cli.ts";
import { openS3At } from "../../support/backends/s3-backend.ts";
import { S3_KEYS, startRcloneS3, startVersitygw } from "../../support/stores/s3-server.ts";
import type { Server } from "../../support/http/server.ts";

const { signal } = new AbortController();

const SERVERS = [
  ["versitygw", "versitygw", startVersitygw],
  ["rclone serve s3", "rclone", startRcloneS3],
] as const;

describe.skipIf(!requirePeer("restic"))("a repository written by restic to", () => {
  const password = "s3 password";
  const servers: Server[] = [];
  let root: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "s3-"));
  });

  afterAll(async () => {
    for (const server of servers) await server.stop();
    await rm(root, { recursive: true });
  });

  for (const [name, peer, start] of SERVERS) {
    describe.skipIf(!requirePeer(peer))(`${name}:`, () => {
      let repo: string;
      let server: Server;

      beforeAll(async () => {
        const data = join(root, "data");
        await mkdir(data, { recursive: true });
        await writeFile(join(data, "file"), "content");
        server = await start({ path: await mkdtemp(join(root, "server-")) });
        servers.push(server);
        repo = `s3:${server.url}/backups/${encodeURIComponent("a b")}/${encodeURIComponent("ä+%")}`;
        await run(["init"]);
        for (const host of ["one", "two"]) await run(["backup", data, "--host", host]);
      });

      const run = (args: readonly string[]): Promise<string> =>
        restic(args, { repo, password, env: S3_KEYS });

      test("has the snapshots that restic lists", async () => {
        const expected = snapshotsOf(await run(["snapshots", "--json", "--no-lock"]));
        expect(expected).toHaveLength(2);
        const backend = await openS3At(repo, { environment: S3_KEYS, clock: systemClock });
        expect(await readSnapshots(backend, password)).toEqual(expected);
      });

      test("needs one list request in a second collection", async () => {
        const source = resticSource(repo, password, { environment: S3_KEYS });
        const first = await source.collect(undefined, signal);
        expect(first).toMatchObject({ complete: true, state: { content: { snapshots: 2 } } });
        const second = await source.collect(first.state, signal);
        const { list, load, keyDerivations } = first.state.cost;
        expect(second.state.cost).toMatchObject({
          list: { requests: list.requests + 1 },
          load,
          keyDerivations,
        });
      });

      test("is reported as not found if the bucket does not exist", async () => {
        const source = resticSource(repo.replace("/backups/", "/nowhere/"), password, {
          environment: S3_KEYS,
        });
        const { error } = await source.collect(undefined, signal);
        expect(error).toMatchObject({ code: "not_found" });
        expect(error?.message).toMatch(
          /\/nowhere\/.*: the bucket nowhere does not exist \(404 NoSuchBucket\)$/,
        );
      });
    });
  }
});
