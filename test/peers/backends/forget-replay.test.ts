import { rm } from "node:fs/promises";

import { expect, test } from "vitest";

import { requirePeer } from "../../support/agent/peers.ts";
import { Dice } from "../../support/core/dice.ts";
import { forgotten, replayed } from "../../support/expectations/forget-outcomes.ts";
import { oddPolicy, oddTimes } from "../../support/expectations/odd-calendars.ts";
import { randomPolicy, randomSnapshots } from "../../support/expectations/random-retention.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";
import { snapshotOf } from "../../support/repository/snapshot-of.ts";

const REPOSITORIES = 20;
const HOSTS = 50;
const POLICIES = 10;

test.skipIf(!requirePeer("restic"))(
  "the replay removes of 1,000 random sets what restic forget removes, by each of 200 policies",
  async () => {
    let groups = 0;
    let removed = 0;
    for (let seed = 0; seed < REPOSITORIES; seed++) {
      const dice = new Dice(seed);
      const taken = new Set<number>();
      const sealed = new SealedRepository("p");
      const snapshots = Array.from({ length: HOSTS }, (_, index) =>
        randomSnapshots(dice, `host-${index}`, taken, Date.now()).map((fields) => {
          const text = JSON.stringify({ tree: "0".repeat(64), ...fields });
          return snapshotOf(sealed.addSnapshotText(text), text);
        }),
      ).flat();
      const folder = await repositoryFolder(sealed.files);
      try {
        for (let round = 0; round < POLICIES; round++) {
          const policy = randomPolicy(dice);
          const actual = replayed(snapshots, policy);
          expect(actual, `seed ${seed}: ${JSON.stringify(policy)}`).toEqual(
            await forgotten(folder, policy),
          );
          groups += Object.keys(actual).length;
          removed += Object.values(actual).flatMap((outcome) => outcome.removed).length;
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    }
    expect(groups).toBeGreaterThan(REPOSITORIES * HOSTS * POLICIES * 0.7);
    expect(removed).toBeGreaterThan(groups);
  },
);

test.skipIf(!requirePeer("restic")).for([0, 1, 2])(
  "the replay removes what restic forget removes: months' ends, changes to summer time, durations, a thousand snapshots in a second (%i)",
  async (seed) => {
    const dice = new Dice(seed);
    const sealed = new SealedRepository("p");
    const snapshots = Array.from({ length: HOSTS }, (_, index) =>
      oddTimes(dice, index === 0 ? 1000 : 40).map((time) => {
        const tags = ["a", "b"].filter(() => dice.roll(4) === 0);
        const fields = { time, hostname: `host-${index}`, paths: ["/etc"], tags };
        const text = JSON.stringify({ tree: "0".repeat(64), ...fields });
        return snapshotOf(sealed.addSnapshotText(text), text);
      }),
    ).flat();
    const folder = await repositoryFolder(sealed.files);
    let removed = 0;
    try {
      for (let round = 0; round < POLICIES; round++) {
        const policy = oddPolicy(dice);
        const actual = replayed(snapshots, policy);
        expect(actual, `seed ${seed}: ${JSON.stringify(policy)}`).toEqual(
          await forgotten(folder, policy),
        );
        expect(Object.keys(actual)).toHaveLength(HOSTS);
        removed += Object.values(actual).flatMap((outcome) => outcome.removed).length;
      }
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(removed).toBeGreaterThan(HOSTS * POLICIES);
  },
);
