import type { Expectation } from "../settings/expectations/expectations.ts";
import type { Finding } from "./finding.ts";
import { slotKey } from "./hit.ts";
import type { Hit } from "./hit.ts";

/** The finding of one backup set of a repository, for a slot. */
export type Input = readonly [repository: number, finding: Finding];

/** A slot that is not judged yet. */
export interface Draft {
  readonly host: string | undefined;
  readonly user: string | undefined;
  /** The settings name it: it exists whether it has snapshots or not. */
  isNamed: boolean;
  readonly inputs: Input[];
}

/** Drafts by key. */
export type Drafts = Map<string, Draft>;

/**
 * The slots that an expectation has: its names, what its globs find, and what they found before.
 * @param hits of each repository
 * @param kept slots of globs that stay if nothing is found for them
 */
export function draftsOf(
  expectation: Expectation,
  hits: readonly (readonly Hit[])[],
  kept: Iterable<readonly [key: string, host: string | undefined, user: string | undefined]>,
): Drafts {
  const drafts: Drafts = new Map();
  const partial: (readonly [Hit, Input])[] = [];
  for (const [index, ofRepository] of hits.entries())
    for (const hit of ofRepository) {
      const { key, host, user, hasHostName, userBy, finding } = hit;
      if (userBy === undefined) continue;
      if (finding.matching === 0) {
        if (finding.isPartial) partial.push([hit, [index, finding]]);
        continue;
      }
      const isNamed = hasHostName && userBy === "name";
      ensure(drafts, key, isNamed, host, expectation.users ? user : undefined).inputs.push([
        index,
        finding,
      ]);
    }
  for (const [key, host, user] of kept) ensure(drafts, key, false, host, user);
  addNames(drafts, expectation, hits);
  if (drafts.size === 0) ensure(drafts, slotKey(expectation.name), true);
  for (const [{ key, host }, input] of partial) {
    const keys = [key, slotKey(expectation.name, host), slotKey(expectation.name)];
    const draft = keys.map((one) => drafts.get(one)).find((one) => one !== undefined);
    draft?.inputs.push(input);
  }
  return drafts;
}

/** A slot that a name and a glob give is one slot, and named. */
function ensure(
  drafts: Drafts,
  key: string,
  isNamed: boolean,
  host?: string,
  user?: string,
): Draft {
  const known = drafts.get(key);
  if (known) {
    known.isNamed ||= isNamed;
    return known;
  }
  const draft = { host, user, isNamed, inputs: [] };
  drafts.set(key, draft);
  return draft;
}

/** Adds the slots of names that have no snapshot. */
function addNames(
  drafts: Drafts,
  { name, hosts, users }: Expectation,
  hits: readonly (readonly Hit[])[],
): void {
  const named = hosts.literals;
  if (!users) {
    for (const host of named) ensure(drafts, slotKey(name, host), true, host);
    return;
  }
  const there = hits.flat().filter(({ finding }) => finding.matching > 0);
  const found = new Set(
    [...drafts.values()]
      .filter(({ user }) => users.globs.some((glob) => glob.matches(user ?? "")))
      .map(({ host }) => host),
  );
  for (const host of new Set([...named, ...there.map((hit) => hit.host)])) {
    const isNamed = named.has(host);
    for (const user of users.literals)
      ensure(drafts, slotKey(name, host, user), isNamed, host, user);
    if (isNamed && users.globs.length > 0 && !found.has(host))
      ensure(drafts, slotKey(name, host), true, host);
  }
}
