import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { signedHeaders } from "../../../instrumentation/backends/s3/signature-v4.ts";
import { failureOf } from "../../support/core/failure.ts";
import { peerPath, requirePeer } from "../../support/agent/peers.ts";
import { readSnapshots, snapshotsOf } from "../../support/repository/read-snapshots.ts";
import { restic } from "../../support/repository/restic-cli.ts";
import { openS3At } from "../../support/backends/s3-backend.ts";
import { S3_KEYS, startVersitygw } from "../../support/stores/s3-server.ts";
import type { Server } from "../../support/http/server.ts";

const run = promisify(execFile);
const { signal } = new AbortController();
const PASSWORD = "s3 password";
const READER = { AWS_ACCESS_KEY_ID: "READERKEY", AWS_SECRET_ACCESS_KEY: "reader/secret" };

/** The keys of a separate user, whose rights come from a bucket policy. */
describe.skipIf(!requirePeer("versitygw") || !requirePeer("restic"))("read-only keys", () => {
  let root: string;
  let server: Server;
  let repo: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "s3-policy-"));
    const accounts = join(root, "accounts");
    await mkdir(accounts);
    server = await startVersitygw({ path: join(root, "s3"), accounts });
    repo = `s3:${server.url}/backups/repo`;
    await restic(["init"], { repo, password: PASSWORD, env: S3_KEYS });
    await restic(["backup", import.meta.filename], { repo, password: PASSWORD, env: S3_KEYS });
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key } = READER;
    const admin = {
      ADMIN_ACCESS_KEY_ID: S3_KEYS.AWS_ACCESS_KEY_ID,
      ADMIN_SECRET_ACCESS_KEY: S3_KEYS.AWS_SECRET_ACCESS_KEY,
      ADMIN_ENDPOINT_URL: server.url,
    };
    const args = ["admin", "create-user", "--access", id, "--secret", key, "--role", "user"];
    await run(peerPath("versitygw"), args, { env: admin });
  });

  afterAll(async () => {
    await server.stop();
    await rm(root, { recursive: true });
  });

  /** Replaces the bucket policy: the reader is allowed these actions only. */
  async function allow(
    ...statements: readonly (readonly [action: string, resource: string])[]
  ): Promise<void> {
    const policy = {
      Version: "2012-10-17",
      Statement: statements.map(([Action, resource]) => ({
        Effect: "Allow",
        Principal: { AWS: [READER.AWS_ACCESS_KEY_ID] },
        Action,
        Resource: `arn:aws:s3:::${resource}`,
      })),
    };
    const url = new URL(`${server.url}/backups?policy=`);
    const body = Buffer.from(JSON.stringify(policy));
    const headers = signedHeaders(
      { method: "PUT", url, body, service: "s3", region: "us-east-1", at: Date.now() },
      {
        accessKeyId: new Secret(S3_KEYS.AWS_ACCESS_KEY_ID),
        secretAccessKey: new Secret(S3_KEYS.AWS_SECRET_ACCESS_KEY),
      },
    );
    const response = await fetch(url, { method: "PUT", headers, body });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  }

  const LIST = ["s3:ListBucket", "backups"] as const;
  const GET = ["s3:GetObject", "backups/*"] as const;
  const open = (): Promise<Backend> => openS3At(repo, { environment: READER, clock: systemClock });

  test("are sufficient to read a repository, and cannot write", async () => {
    await allow(LIST, GET);
    const env = READER;
    const expected = snapshotsOf(
      await restic(["snapshots", "--json", "--no-lock"], { repo, password: PASSWORD, env }),
    );
    expect(expected).toHaveLength(1);
    expect(await readSnapshots(await open(), PASSWORD)).toEqual(expected);
    await expect(
      restic(["unlock", "--remove-all"], { repo, password: PASSWORD, env: S3_KEYS }),
    ).resolves.toBeDefined();
    await expect(
      restic(["tag", "--add", "x"], { repo, password: PASSWORD, env, timeoutMs: 10_000 }),
    ).rejects.toThrow("Command failed");
  });

  test("without ListBucket cannot list, and the error names the missing permission", async () => {
    await allow(GET);
    const backend = await open();
    expect(await backend.load("config", "", signal)).toHaveLength(155);
    expect(await failureOf(backend.list("snapshots", undefined, signal))).toBe(
      `denied: ${server.url}/backups/repo/snapshots/: access denied (403 AccessDenied): grant s3:ListBucket on the bucket and s3:GetObject on its objects`,
    );
  });

  test("without GetObject cannot load files", async () => {
    await allow(LIST);
    const backend = await open();
    expect((await backend.list("keys", undefined, signal)).names).toHaveLength(1);
    expect(await failureOf(backend.load("config", "", signal))).toMatch(
      /^denied: .*\/backups\/repo\/config: /,
    );
  });
});
