import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { Secret } from "../../instrumentation/core/secret.ts";
import { Repository } from "../../instrumentation/restic/repository/repository.ts";
import { backupSets } from "../../instrumentation/restic/backup-sets.ts";
import { FakeClock } from "../support/core/clock.ts";
import { expectedSets } from "../support/repository/expected-sets.ts";
import { recordedBackend } from "../support/backends/recorded-backend.ts";
import type { RepositoryFiles } from "../support/repository/sealed-repository.ts";

async function filesOf(fixture: string): Promise<RepositoryFiles> {
  const root = join(import.meta.dirname, "../fixtures", fixture);
  const files: RepositoryFiles = new Map();
  for (const path of await readdir(root, { recursive: true })) {
    if (/^(config|(keys|snapshots)\/.+)$/.test(path)) {
      files.set(path, await readFile(join(root, path)));
    }
  }
  return files;
}

test.for([
  ["v1", "correct horse", 1],
  ["v2", "pässwörd ✓", 2],
  ["upgraded", "correct horse", 2],
  ["two-keys", "first password", 2],
  ["two-keys", "second password", 2],
] as const)(
  "the sets of %s, written by restic, match `restic snapshots --json`",
  async ([fixture, password, version]) => {
    const repository = new Repository({
      clock: new FakeClock(),
      reverifyMs: 0,
      onDerivation: () => {},
    });
    const access = {
      backend: recordedBackend(await filesOf(fixture), () => {}),
      password: new Secret(password),
      keyHint: undefined,
      publishedId: undefined,
    };
    const { config, snapshots, unreadable } = await repository.read(
      access,
      new AbortController().signal,
    );
    expect(config.version).toBe(version);
    expect(unreadable.size).toBe(0);
    const sets = backupSets("url", snapshots.values()).map(
      ({ labels, newest, oldest, ...set }) => ({
        host: labels["host"],
        user: labels["user"],
        snapshots: set.snapshots,
        newest: newest.time.seconds,
        oldest: oldest.time.seconds,
      }),
    );
    expect(sets).toEqual(await expectedSets(fixture));
  },
);
