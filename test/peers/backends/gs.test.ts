import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import { backendSuite } from "../../support/backends/backend-suite.ts";
import { startFakeGcs } from "../../support/stores/fake-gcs.ts";
import { openStoreAt } from "../../support/backends/object-store-backend.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { resticStoreSuite } from "../../support/stores/restic-store-suite.ts";
import type { RepositoryFiles } from "../../support/repository/sealed-repository.ts";
import { seedGcs } from "../../support/stores/seeded-stores.ts";
import type { Server } from "../../support/http/server.ts";

const TOKEN = "ya29.token-of-the-test";

const environmentOf = ({ url }: Server): Record<string, string> => ({
  GOOGLE_ACCESS_TOKEN: TOKEN,
  STORAGE_EMULATOR_HOST: url.slice("http://".length),
});

describe.skipIf(!requirePeer("fake-gcs-server"))("fake-gcs-server", () => {
  let folder: string;
  let server: Server;
  let buckets = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gcs-"));
    server = await startFakeGcs(folder);
  });

  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  const seeded = (files: RepositoryFiles, prefix: string): Promise<string> =>
    seedGcs(server, `bucket-${(buckets += 1)}`, prefix, files);

  for (const [name, prefix] of [
    ["fake-gcs-server", ""],
    ["fake-gcs-server, with a prefix of special characters", "a b/ä+%25!'()*#&=~"],
  ] as const) {
    backendSuite(
      name,
      async (files) =>
        openStoreAt(await seeded(files, prefix), {
          environment: environmentOf(server),
          clock: systemClock,
        }),
      { credentials: [TOKEN] },
    );
  }

  resticStoreSuite("fake-gcs-server", async (path) => {
    // Without a project restic does not create the bucket.
    await mkdir(join(path, "backups"), { recursive: true });
    const own = await startFakeGcs(path);
    return {
      repo: "gs:backups:/a b/repo",
      environment: environmentOf(own),
      writer: { GOOGLE_PROJECT_ID: "p" },
      stop: () => own.stop(),
    };
  });
});
