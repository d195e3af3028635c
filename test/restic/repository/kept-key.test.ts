import { expect, test } from "vitest";

import { Secret } from "../../../instrumentation/core/secret.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import type { KeptKey, KeyKeeper } from "../../../instrumentation/restic/repository/kept-key.ts";
import { recordedBackend } from "../../support/backends/recorded-backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";

/** Reads the repository again and again. */
function reader(
  sealed: SealedRepository,
  reverifyMs: number,
  keys: KeyKeeper,
): () => Promise<unknown> {
  const repository = new Repository({
    clock: new FakeClock(),
    reverifyMs,
    onDerivation: () => {},
    cache: {
      load: async () => ({ snapshots: new Map(), listed: undefined }),
      append: async () => {},
      settle: async () => {},
      keys,
    },
  });
  const access = { password: new Secret("right"), keyHint: undefined, publishedId: undefined };
  return () => {
    const backend = recordedBackend(sealed.files, () => {});
    return repository.read({ ...access, backend }, new AbortController().signal);
  };
}

test("config is kept again when a compressed file reveals a migration", async () => {
  const sealed = new SealedRepository("right", 1);
  sealed.addSnapshot({ time: "2024-05-01T12:00:00Z" });
  const kept: KeptKey[] = [];
  const read = reader(sealed, 3_600_000, {
    load: async () => undefined,
    keep: async (key) => void kept.push(key),
    listed: async () => {},
  });
  await read();
  sealed.writeConfig({ version: 2, id: sealed.id });
  Object.assign(sealed, { version: 2 });
  sealed.addSnapshot({ time: "2024-05-02T12:00:00Z" });
  await read();
  expect(kept).toHaveLength(2);
  expect(kept[1]?.config).toEqual(sealed.files.get("config"));
});

test("a key that one listing of keys/ lacked is kept again", async () => {
  const sealed = new SealedRepository("right");
  sealed.addSnapshot({ time: "2024-05-01T12:00:00Z" });
  const files = new Map(sealed.files);
  let kept: KeptKey | undefined;
  const read = reader(sealed, 0, {
    load: async () => kept,
    keep: async (key) => void (kept = key),
    listed: async (ids) => void (kept = kept && ids.includes(kept.id) ? kept : undefined),
  });
  await read();
  const before = kept;
  expect(before).toBeDefined();
  // Another repository is there for a while.
  const other = new SealedRepository("wrong");
  for (const path of files.keys()) sealed.files.delete(path);
  for (const [path, bytes] of other.files) sealed.files.set(path, bytes);
  await expect(read()).rejects.toThrow("the password does not open");
  expect(kept).toBeUndefined();
  for (const path of other.files.keys()) sealed.files.delete(path);
  for (const [path, bytes] of files) sealed.files.set(path, bytes);
  await read();
  expect(kept).toEqual(before);
});
