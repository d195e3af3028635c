import { forget } from "../../../instrumentation/expectations/retention/replay.ts";
import { groupKey } from "../../../instrumentation/expectations/retention/removable.ts";
import { isJsonObject } from "../../../instrumentation/core/json.ts";
import type { Snapshot } from "../../../instrumentation/restic/state.ts";
import { parseExpectations } from "../../../instrumentation/settings/expectations/parse.ts";
import type { Retention } from "../../../instrumentation/settings/expectations/retention.ts";
import { restic } from "../repository/restic-cli.ts";
import { snapshotOf } from "../repository/snapshot-of.ts";

/** A group of snapshots after forget, sorted. Of equal times any may be kept: such a group has no ids. */
interface Outcome {
  readonly kept: readonly string[];
  readonly removed: readonly string[];
  /** Each reason as often as it keeps a snapshot. */
  readonly reasons: readonly string[];
}

/** The outcomes by the sorted ids of their groups. */
export type Outcomes = Readonly<Record<string, Outcome>>;

/** The outcomes of the replay. */
export function replayed(
  snapshots: readonly Snapshot[],
  policy: Readonly<Record<string, unknown>>,
  names: Names = idsOrTimes,
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
        names,
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

/** The outcomes of restic. */
export async function forgotten(
  repo: string,
  policy: Readonly<Record<string, unknown>>,
  names: Names = idsOrTimes,
): Promise<Outcomes> {
  const { groupBy, tags, ...rules } = policy;
  const args = [
    ...Object.entries(rules).map(([key, value]) => `--keep-${kebab(key)}=${String(value)}`),
    ...listOf(tags).map((list) => `--keep-tag=${String(list)}`),
    ...(groupBy === undefined ? [] : [`--group-by=${listOf(groupBy).join(",")}`]),
  ];
  const output: unknown = JSON.parse(
    await restic(
      ["-o", "rest.connections=1", "forget", "--dry-run", "--no-lock", "--json", ...args],
      { repo, password: "p" },
    ),
  );
  return Object.fromEntries(
    listOf(output).map((group) => {
      const { keep, remove, reasons } = isJsonObject(group) ? group : {};
      const matches = listOf(reasons).flatMap((reason) =>
        isJsonObject(reason) ? listOf(reason["matches"]) : [],
      );
      return outcomeOf(entriesOf(keep), entriesOf(remove), matches.map(String).map(keyOf), names);
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

/** How an outcome names snapshots, given whether some of the group have equal times. */
type Names = (entries: readonly Entry[], hasTwins: boolean) => readonly string[];

/** Of equal times restic may keep any. */
const idsOrTimes: Names = (entries, hasTwins) =>
  entries.map(({ id, time }) => (hasTwins ? time : id)).toSorted();

export const idsOf: Names = (entries) => entries.map(({ id }) => id).toSorted();

function outcomeOf(
  kept: readonly Entry[],
  removed: readonly Entry[],
  reasons: readonly string[],
  names: Names,
): readonly [string, Outcome] {
  const all = [...kept, ...removed];
  const hasTwins = new Set(all.map(({ time }) => time)).size < all.length;
  const key = all.map(({ id }) => id).toSorted();
  return [
    key.join(" "),
    {
      kept: names(kept, hasTwins),
      removed: names(removed, hasTwins),
      reasons: reasons.toSorted(),
    },
  ];
}
