import type { Labels } from "../core/source.ts";
import type { Expectation } from "../settings/expectations/expectations.ts";
import { joined } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { Hit } from "./hit.ts";

/** A slot that is not judged yet. */
export interface Draft {
  readonly labels: Labels;
  /** The settings name it: it exists whether it has snapshots or not. */
  readonly isNamed: boolean;
  /** What each repository holds, by the position of the repository. */
  readonly findings: Map<number, Finding>;
}

/** Drafts by key; a function for each way in which a slot comes about. */
class Drafts {
  readonly byKey = new Map<string, Draft>();
  readonly #expectation: string;

  constructor(expectation: string) {
    this.#expectation = expectation;
  }

  /** Names may contain any character: a joined string would be ambiguous. */
  keyOf(host?: string, user?: string): string {
    return JSON.stringify([this.#expectation, host, user].filter((name) => name !== undefined));
  }

  /** A slot that a name and a glob give is one slot, and named. */
  ensure(isNamed: boolean, host?: string, user?: string): Draft {
    const key = this.keyOf(host, user);
    const known = this.byKey.get(key);
    if (known && (known.isNamed || !isNamed)) return known;
    const draft = {
      labels: Object.freeze({
        expectation: this.#expectation,
        ...(host !== undefined && { host }),
        ...(user !== undefined && { user }),
      }),
      isNamed,
      findings: known?.findings ?? new Map<number, Finding>(),
    };
    this.byKey.set(key, draft);
    return draft;
  }
}

/**
 * The slots that an expectation has: its names, what its globs find, and what they found before.
 * @param hits of each repository
 * @param lost slots that are kept if nothing is found for them
 */
export function draftsOf(
  expectation: Expectation,
  hits: readonly (readonly Hit[])[],
  lost: ReadonlyMap<string, Pick<Draft, "labels">>,
): ReadonlyMap<string, Draft> {
  const drafts = new Drafts(expectation.name);
  const userOf = ({ user }: Hit): string | undefined => (expectation.users ? user : undefined);
  const found = hits.flatMap((ofRepository, index) =>
    ofRepository.map((hit) => [index, hit] as const),
  );
  for (const [index, hit] of found) {
    if (hit.finding.matching === 0 || hit.userBy === undefined) continue;
    const isNamed = hit.hasHostName && hit.userBy === "name";
    add(drafts.ensure(isNamed, hit.host, userOf(hit)), index, hit.finding);
  }
  for (const [, { labels }] of lost) drafts.ensure(false, labels["host"], labels["user"]);
  addNames(
    drafts,
    expectation,
    found.map(([, hit]) => hit),
  );
  if (drafts.byKey.size === 0) drafts.ensure(true);
  for (const [index, hit] of found) {
    if (hit.finding.matching > 0 || !hit.finding.isPartial || hit.userBy === undefined) continue;
    const keys = [
      drafts.keyOf(hit.host, userOf(hit)),
      drafts.keyOf(hit.host),
      drafts.keyOf(),
    ] as const;
    const draft = keys.map((key) => drafts.byKey.get(key)).find((one) => one !== undefined);
    if (draft) add(draft, index, hit.finding);
  }
  return drafts.byKey;
}

/** Adds the slots of names that have no snapshot. */
function addNames(drafts: Drafts, { hosts, users }: Expectation, hits: readonly Hit[]): void {
  const named = new Set(hosts.flatMap(({ literal }) => literal ?? []));
  const there = hits.filter(({ finding }) => finding.matching > 0).map(({ host }) => host);
  const globs = users?.filter(({ literal }) => literal === undefined) ?? [];
  const found = new Set(
    [...drafts.byKey.values()].flatMap(({ labels: { host, user } }) =>
      host !== undefined && globs.some((glob) => glob.matches(user ?? "")) ? [host] : [],
    ),
  );
  for (const host of new Set([...named, ...there])) {
    const isNamed = named.has(host);
    if (!users && isNamed) drafts.ensure(true, host);
    for (const { literal } of users ?? [])
      if (literal !== undefined) drafts.ensure(isNamed, host, literal);
    if (isNamed && globs.length > 0 && !found.has(host)) drafts.ensure(true, host);
  }
}

function add({ findings }: Draft, index: number, finding: Finding): void {
  const known = findings.get(index);
  findings.set(index, known ? joined(known, finding) : finding);
}
