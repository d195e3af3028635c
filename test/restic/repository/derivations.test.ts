import { createHook } from "node:async_hooks";

import { expect, test } from "vitest";

import { RepositoryReader } from "../../support/repository/repository-reader.ts";

/** scrypt runs in the thread pool: async_hooks report when a call enters it and when its result comes back. */
test("at most two key derivations run in parallel, however many repositories are opened", async () => {
  const running = new Set<number>();
  let most = 0;
  const hook = createHook({
    init(id, type) {
      if (!type.startsWith("SCRYPT")) return;
      running.add(id);
      most = Math.max(most, running.size);
    },
    before: (id) => void running.delete(id),
  });
  const readers = Array.from({ length: 8 }, () => new RepositoryReader(1000));
  hook.enable();
  await Promise.all(readers.map((reader) => reader.read()));
  hook.disable();
  expect(readers.map(({ derivations }) => derivations)).toEqual(readers.map(() => 1));
  expect(most).toBe(2);
});
