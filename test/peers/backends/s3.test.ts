import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { backendSuite } from "../../support/backends/backend-suite.ts";
import type { ContextOptions } from "../../support/backends/backend-context.ts";
import { failureOf } from "../../support/core/failure.ts";
import { LoopbackProxy } from "../../support/http/loopback-proxy.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import type { Peer } from "../../support/agent/peers.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";
import { openS3At } from "../../support/backends/s3-backend.ts";
import { S3_KEYS, startRcloneS3, startVersitygw } from "../../support/stores/s3-server.ts";
import type { RepositoryFiles } from "../../support/repository/sealed-repository.ts";
import type { Server } from "../../support/http/server.ts";

const TLS = join(import.meta.dirname, "../../fixtures/tls");
const { signal } = new AbortController();

interface Mode extends ContextOptions {
  readonly peer: Peer;
  readonly start: (path: string) => Promise<Server>;
  /** The prefix in the bucket. */
  readonly below?: string;
}

const versitygw = { peer: "versitygw", start: (path: string) => startVersitygw({ path }) } as const;
// The tests write files directly into the folder. (With this option writes of restic fail.)
const UNCACHED = ["--dir-cache-time", "0"];
const rclone = {
  peer: "rclone",
  start: (path: string) => startRcloneS3({ path, args: UNCACHED }),
} as const;

const PEM = join(TLS, "server.pem");

const MODES: Readonly<Record<string, Mode>> = {
  "versitygw, at the root of a bucket": versitygw,
  "versitygw, with a prefix of special characters": {
    ...versitygw,
    below: "a b/ä+%25!'()*?#&=~",
  },
  "versitygw, by ListObjects": { ...versitygw, options: { "s3.list-objects-v1": "true" } },
  "versitygw in another region, which is detected": {
    ...versitygw,
    start: (path) => startVersitygw({ path, region: "eu-north-7" }),
  },
  "versitygw with TLS": {
    ...versitygw,
    start: (path) => startVersitygw({ path, tls: PEM }),
    environment: { RESTIC_CACERT: join(TLS, "ca.pem") },
  },
  "versitygw with an unverified certificate": {
    ...versitygw,
    start: (path) => startVersitygw({ path, tls: PEM }),
    insecureTls: true,
  },
  "rclone serve s3": rclone,
  "rclone serve s3, with a prefix of special characters": {
    ...rclone,
    below: "a b/ä+%25!'()*~",
  },
  "rclone serve s3, by ListObjects": { ...rclone, options: { "s3.list-objects-v1": "true" } },
};

let root: string;
const servers: Server[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "s3-"));
});

afterAll(async () => {
  for (const server of servers) await server.stop();
  await rm(root, { recursive: true });
});

async function started(server: Promise<Server>): Promise<Server> {
  servers.push(await server);
  return server;
}

/** A valid bucket name from the name of a folder. */
const bucketOf = (folder: string): string => basename(folder).toLowerCase().replaceAll("_", "-");

for (const [name, { peer, start, below = "", ...options }] of Object.entries(MODES)) {
  describe.skipIf(!requirePeer(peer))(`${name}:`, () => {
    let server: Promise<Server> | undefined;
    let path: string | undefined;

    async function open(files: RepositoryFiles): Promise<Backend> {
      path ??= await mkdtemp(join(root, "server-"));
      server ??= started(start(path));
      const { url } = await server;
      const bucket = bucketOf(await mkdtemp(join(root, "bucket-")));
      await repositoryFolder(files, join(path, bucket, decodeURIComponent(below)));
      const prefix = below.split("/").map((part) => encodeURIComponent(decodeURIComponent(part)));
      return openS3At(`s3:${url}/${bucket}/${prefix.join("/")}`, {
        ...options,
        environment: { ...S3_KEYS, ...options.environment },
        clock: systemClock,
      });
    }

    backendSuite(name, open, { credentials: Object.values(S3_KEYS) });
  });
}

describe.skipIf(!requirePeer("versitygw"))("versitygw", () => {
  let url: string;
  let path: string;

  beforeAll(async () => {
    path = join(root, "errors");
    await repositoryFolder(new Map([["config", Buffer.from("c")]]), join(path, "bucket"));
    ({ url } = await started(startVersitygw({ path })));
  });

  async function failures(
    { environment = S3_KEYS, ...options }: ContextOptions,
    bucket = "bucket",
  ): Promise<readonly string[]> {
    const backend = await openS3At(`s3:${url}/${bucket}`, {
      clock: systemClock,
      ...options,
      environment,
    });
    const failed = [
      await failureOf(backend.list("keys", undefined, signal)),
      await failureOf(backend.load("config", "", signal)),
    ];
    return failed.map((failure) => {
      for (const secret of Object.values(environment)) expect(failure).not.toContain(secret);
      return failure.replaceAll(url, "URL");
    });
  }

  test.for([
    [
      "a wrong secret key",
      { environment: { ...S3_KEYS, AWS_SECRET_ACCESS_KEY: "another/key" } },
      "denied",
      "access denied (403 SignatureDoesNotMatch): the secret key does not belong to the access key",
    ],
    [
      "an unknown access key",
      { environment: { ...S3_KEYS, AWS_ACCESS_KEY_ID: "ANOTHERKEY" } },
      "denied",
      "access denied (404 XAdminUserNotFound): the server does not know the access key",
    ],
    [
      "anonymous access",
      { environment: {}, options: { "s3.unsafe-anonymous-auth": "true" } },
      "denied",
      "access denied (403 AccessDenied): grant s3:ListBucket on the bucket and s3:GetObject on its objects",
    ],
    [
      "a wrong region in the options",
      { options: { "s3.region": "eu-central-1" } },
      "config",
      "the bucket is in the region us-east-1, not in eu-central-1 (400 AuthorizationHeaderMalformed): set the option s3.region, or AWS_DEFAULT_REGION",
    ],
  ] as const)("reports the reason for %s", async ([, options, code, message]) => {
    expect(await failures(options)).toEqual([
      `${code}: URL/bucket/keys/: ${message}`,
      `${code}: URL/bucket/config: ${message}`,
    ]);
  });

  test("reports the name of a missing bucket", async () => {
    const message = "the bucket nowhere does not exist (404 NoSuchBucket)";
    expect(await failures({}, "nowhere")).toEqual([
      `not_found: URL/nowhere/keys/: ${message}`,
      `not_found: URL/nowhere/config: ${message}`,
    ]);
  });

  test.for([-3_600_000, 86_400_000])(
    "can be read with a clock that is %i ms ahead",
    async (aheadMs) => {
      const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
      const backend = await openS3At(`s3:${url}/bucket`, { environment: S3_KEYS, clock });
      expect(await backend.load("config", "", signal)).toHaveLength(1);
      expect((await backend.list("keys", undefined, signal)).names).toEqual([]);
    },
  );

  test("can be read with the bucket in the host name", async () => {
    const server = await started(
      startVersitygw({ path, args: ["--virtual-domain", "s3.example"] }),
    );
    const port = Number(new URL(server.url).port);
    const proxy = await LoopbackProxy.start(() => port);
    const backend = await openS3At("s3:http://s3.example/bucket", {
      environment: { ...S3_KEYS, HTTP_PROXY: `http://${proxy.where}` },
      options: { "s3.bucket-lookup": "dns" },
      clock: systemClock,
    });
    expect(await backend.load("config", "", signal)).toHaveLength(1);
    await backend.list("keys", undefined, signal);
    expect(proxy.asked).toEqual([
      "GET http://bucket.s3.example/config",
      "GET http://bucket.s3.example/?list-type=2&prefix=keys%2F&delimiter=%2F&encoding-type=url",
    ]);
    await proxy.stop();
  });
});
