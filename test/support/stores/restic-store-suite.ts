import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { requirePeer } from "../agent/peers.ts";
import { resticSource, snapshotsOf } from "../repository/read-snapshots.ts";
import { restic } from "../repository/restic-cli.ts";

interface Store {
  /** The repository string; the container is `backups`. */
  readonly repo: string;
  /** The variables for the agent. */
  readonly environment: Readonly<Record<string, string>>;
  /** Further variables for restic, which writes. */
  readonly writer?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Snapshots that restic writes to a real server are read as restic reads them. Each store calls it once. */
export function resticStoreSuite(name: string, start: (folder: string) => Promise<Store>): void {
  const password = "store password";
  const { signal } = new AbortController();

  describe.skipIf(!requirePeer("restic"))(`restic writes to ${name}:`, () => {
    let folder: string;
    let store: Store;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "store-"));
      store = await start(join(folder, "server"));
      const data = join(folder, "data");
      await mkdir(data);
      await writeFile(join(data, "file"), "content");
      await run(["init"]);
      for (const host of ["one", "two"]) await run(["backup", data, "--host", host]);
    });

    afterAll(async () => {
      await store.stop();
      await rm(folder, { recursive: true });
    });

    const run = (args: readonly string[]): Promise<string> => {
      const { repo, environment, writer, args: more = [] } = store;
      return restic([...more, ...args], { repo, password, env: { ...environment, ...writer } });
    };

    test("the snapshots are those that restic lists, and a second collection is one listing", async () => {
      const expected = snapshotsOf(await run(["snapshots", "--json", "--no-lock"]));
      expect(expected.map(({ hostname }) => hostname).toSorted()).toEqual(["one", "two"]);
      const source = resticSource(store.repo, password, store);
      const first = await source.collect(undefined, signal);
      expect(first.error).toBeUndefined();
      const newest = first.state.content?.sets.map((set) => set.newest.id);
      expect(newest?.toSorted()).toEqual(expected.map(({ id }) => id));
      const second = await source.collect(first.state, signal);
      const { list, load, keyDerivations } = first.state.cost;
      expect(list.requests).toBe(2);
      expect(load.requests).toBe(4);
      expect(second.state.cost).toMatchObject({
        list: { requests: list.requests + 1 },
        load,
        keyDerivations,
      });
    });

    test("a missing container is not found, and not created", async () => {
      const repo = store.repo.replace(":backups:", ":nowhere:");
      for (let attempt = 0; attempt < 2; attempt++) {
        const { error } = await resticSource(repo, password, store).collect(undefined, signal);
        expect(error?.code).toBe("not_found");
        expect(error?.message).toMatch(
          /:nowhere:.* at \S+.*does not exist|:nowhere:.*the config file is missing/,
        );
      }
    });
  });
}
