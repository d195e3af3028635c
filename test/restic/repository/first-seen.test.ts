import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, expect, onTestFinished, test } from "vitest";

import { Secret } from "../../../instrumentation/core/secret.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import type { FirstSeen } from "../../../instrumentation/restic/repository/snapshot.ts";
import { StateDir } from "../../../instrumentation/restic/state-dir/state-dir.ts";
import { recordedBackend } from "../../support/backends/recorded-backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { ArrayLogger } from "../../support/core/logger.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";

const START = 1_767_225_600_000;
const HOUR = 3_600_000;

let clock: FakeClock;
let sealed: SealedRepository;

beforeEach(() => {
  clock = new FakeClock(START);
  sealed = new SealedRepository("p");
});

const TIME = "2024-01-02T03:04:05Z";

function add(tag: string, original?: string, time = TIME): string {
  return sealed.addSnapshot({ time, hostname: "web", tags: [tag], original });
}

function repositoryOf(state?: StateDir): Repository {
  const cache = state?.cacheOf("rest:x");
  // The time until a second look passes at once.
  const quick = {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    sleep: async () => {},
  };
  return new Repository({ clock: quick, reverifyMs: HOUR, onDerivation: () => {}, cache });
}

/** Reads the repository. @returns when the snapshot of each tag was first seen */
async function read(repository: Repository): Promise<Record<string, FirstSeen | undefined>> {
  const backend = recordedBackend(sealed.files, () => {});
  const access = { keyHint: undefined, publishedId: undefined };
  const { snapshots } = await repository.read(
    { backend, password: new Secret("p"), ...access },
    new AbortController().signal,
  );
  return Object.fromEntries(
    [...snapshots.values()].map(({ details, firstSeen }) => [details?.tags?.[0], firstSeen]),
  );
}

async function stateDir(): Promise<StateDir> {
  const folder = await mkdtemp(join(tmpdir(), "first-seen-"));
  const opened = new StateDir(join(folder, "state"), new ArrayLogger(), () => clock.now());
  onTestFinished(async () => {
    await opened.close();
    await rm(folder, { recursive: true });
  });
  return opened;
}

test("snapshots of the first complete listing do not say, later ones have their listing and the one before", async () => {
  const repository = repositoryOf();
  add("a");
  expect(await read(repository)).toEqual({ a: undefined });
  await clock.advance(HOUR);
  await read(repository);
  add("b");
  await clock.advance(HOUR);
  const b = { at: START + 2 * HOUR, missingAt: START + HOUR };
  expect(await read(repository)).toEqual({ a: undefined, b });
  await clock.advance(HOUR);
  expect(await read(repository)).toEqual({ a: undefined, b });
});

test("the time of a restart is between the two listings", async () => {
  const state = await stateDir();
  add("a");
  await read(repositoryOf(state));
  add("b");
  await clock.advance(48 * HOUR);
  const b = { at: START + 48 * HOUR, missingAt: START };
  expect(await read(repositoryOf(state))).toEqual({ a: undefined, b });
  await clock.advance(HOUR);
  expect(await read(repositoryOf(state))).toEqual({ a: undefined, b });
});

test("a file that could not be read at first was seen in the listing that had it, also over a restart", async () => {
  const state = await stateDir();
  add("a");
  await read(repositoryOf(state));
  const late = add("late");
  const bytes = sealed.files.get(`snapshots/${late}`) ?? Buffer.alloc(0);
  sealed.files.set(`snapshots/${late}`, Buffer.from("damaged"));
  await clock.advance(HOUR);
  const repository = repositoryOf(state);
  expect(await read(repository)).toEqual({ a: undefined });
  await clock.advance(48 * HOUR);
  await read(repository);
  sealed.files.set(`snapshots/${late}`, bytes);
  const seen = { at: START + HOUR, missingAt: START };
  expect(await read(repositoryOf(state))).toEqual({ a: undefined, late: seen });
  expect(await read(repository)).toEqual({ a: undefined, late: seen });
});

test("another repository at the same URL has a first listing of its own", async () => {
  const repository = repositoryOf();
  add("a");
  await read(repository);
  await clock.advance(2 * HOUR);
  sealed = new SealedRepository("p");
  add("b");
  expect(await read(repository)).toEqual({ b: undefined });
});

test.for([false, true])(
  "a tagged or rewritten snapshot was seen when its original was, unless it has another time (restart: %s)",
  async (isRestarted) => {
    const state = await stateDir();
    let repository = repositoryOf(state);
    const look = async (): Promise<Record<string, FirstSeen | undefined>> => {
      if (isRestarted) repository = repositoryOf(state);
      await clock.advance(HOUR);
      return read(repository);
    };
    const forget = (id: string): boolean => sealed.files.delete(`snapshots/${id}`);
    const first = add("first");
    await look();
    const second = add("second");
    const seen = { at: START + 2 * HOUR, missingAt: START + HOUR };
    expect(await look()).toEqual({ first: undefined, second: seen });

    const tagged = add("tagged", second);
    add("twin of first", first);
    add("moved", first, "2024-01-02T03:04:06Z");
    add("stranger", "0".repeat(64));
    forget(second);
    const now = { at: START + 3 * HOUR, missingAt: START + 2 * HOUR };
    const all = { first: undefined, "twin of first": undefined, moved: now, stranger: now };
    expect(await look()).toEqual({ ...all, tagged: seen });

    // restic tag keeps the first original, and rewrite names the one before: two of them between two looks.
    const again = add("tagged again", second);
    add("rewritten", again);
    forget(tagged);
    const twins = { "tagged again": seen, rewritten: seen };
    expect(await look()).toEqual({ ...all, ...twins });
    expect(await look()).toEqual({ ...all, ...twins });
  },
);
