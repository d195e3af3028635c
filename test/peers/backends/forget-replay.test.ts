import { rm } from "node:fs/promises";

import { expect, test } from "vitest";

import { forget } from "../../../instrumentation/expectations/retention/replay.ts";
import { groupKey } from "../../../instrumentation/expectations/retention/removable.ts";
import { isJsonObject } from "../../../instrumentation/core/json.ts";
import type { Snapshot } from "../../../instrumentation/restic/state.ts";
import { parseExpectations } from "../../../instrumentation/settings/expectations/parse.ts";
import type { Retention } from "../../../instrumentation/settings/expectations/retention.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { Dice } from "../../support/core/dice.ts";
import { randomPolicy, randomSnapshots } from "../../support/expectations/random-retention.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";
import { restic } from "../../support/repository/restic-cli.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";
import { snapshotOf } from "../../support/repository/snapshot-of.ts";

const REPOSITORIES = 20;
const HOSTS = 50;
const POLICIES = 10;

/** A group of snapshots after forget, sorted. Of equal times any may be kept: such a group has no ids. */
interface Outcome {
  readonly kept: readonly string[];
  readonly removed: readonly string[];
  /** Each reason as often as it keeps a snapshot. */
  readonly reasons: readonly string[];
}

/** The outcomes by the sorted ids of their groups. */
type Outcomes = Readonly<Record<string, Outcome>>;

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

function replayed(
  snapshots: readonly Snapshot[],
  policy: Readonly<Record<string, unknown>>,
): Outcomes {
  const retention = retentionOf(policy);
  const groups = Map.groupBy(snapshots, (snapshot) => groupKey(snapshot, retention.groupBy));
  return Object.fromEntries(
    [...groups.values()].map((group) => {
      const decisions = forget(group, retention, Date.now()) ?? [];
      const kept = decisions.filter(({ reasons }) => reasons.length > 0);
      return outcomeOf(
        kept.map(({ snapshot }) => ({ id: snapshot.id, time: JSON.stringify(snapshot.time) })),
        decisions
          .filter(({ reasons }) => reasons.length === 0)
          .map(({ snapshot }) => ({ id: snapshot.id, time: JSON.stringify(snapshot.time) })),
        kept.flatMap(({ reasons }) => reasons),
      );
    }),
  );
}

function retentionOf(policy: Readonly<Record<string, unknown>>): Retention {
  const { value, problems } = parseExpectations(
    { expect: [{ name: "e", hosts: ["*"], maxAge: "1d", retention: policy }] },
    { list: [], areComplete: true },
  );
  const retention = value.expectations[0]?.retention;
  if (problems.length > 0 || !retention) throw new Error(JSON.stringify(problems));
  return retention;
}

async function forgotten(
  repo: string,
  policy: Readonly<Record<string, unknown>>,
): Promise<Outcomes> {
  const { groupBy, tags, ...rules } = policy;
  const args = [
    ...Object.entries(rules).map(([key, value]) => `--keep-${kebab(key)}=${String(value)}`),
    ...listOf(tags).map((list) => `--keep-tag=${String(list)}`),
    ...(groupBy === undefined ? [] : [`--group-by=${listOf(groupBy).join(",")}`]),
  ];
  const output: unknown = JSON.parse(
    await restic(["forget", "--dry-run", "--no-lock", "--json", ...args], { repo, password: "p" }),
  );
  return Object.fromEntries(
    listOf(output).map((group) => {
      const { keep, remove, reasons } = isJsonObject(group) ? group : {};
      const matches = listOf(reasons).flatMap((reason) =>
        isJsonObject(reason) ? listOf(reason["matches"]) : [],
      );
      return outcomeOf(entriesOf(keep), entriesOf(remove), matches.map(String).map(keyOf));
    }),
  );
}

/** `oldest hourly within 1d` → `within hourly`; `has tags [a]` → `tags`; `daily snapshot` → `daily`. */
function keyOf(reason: string): string {
  if (reason.startsWith("has tags")) return "tags";
  const [first = "", second] = reason.replace(/^oldest /, "").split(" ");
  return second === "within" ? `within ${first}` : first;
}

function kebab(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function entriesOf(snapshots: unknown): readonly Entry[] {
  return listOf(snapshots).map((snapshot) => {
    const { id = "", time = "" } = isJsonObject(snapshot) ? snapshot : {};
    const { time: instant } = snapshotOf("", JSON.stringify({ time }));
    return { id: String(id), time: JSON.stringify(instant) };
  });
}

interface Entry {
  readonly id: string;
  readonly time: string;
}

function outcomeOf(
  kept: readonly Entry[],
  removed: readonly Entry[],
  reasons: readonly string[],
): readonly [string, Outcome] {
  const all = [...kept, ...removed];
  const hasTwins = new Set(all.map(({ time }) => time)).size < all.length;
  const names = (entries: readonly Entry[]): readonly string[] =>
    entries.map(({ id, time }) => (hasTwins ? time : id)).toSorted();
  const key = all.map(({ id }) => id).toSorted();
  return [
    key.join(" "),
    { kept: names(kept), removed: names(removed), reasons: reasons.toSorted() },
  ];
}
