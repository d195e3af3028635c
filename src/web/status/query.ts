import { isOverdue } from "./expectation-status.ts";
import type { ExpectationStatus } from "./expectation-status.ts";
import { needsAttention } from "./sets/set-state.ts";
import type { SetStatus } from "./sets/set-status.ts";
import type { Status } from "./status.ts";

const SORTS = ["age", "host", "user", "url", "snapshots", "added", "took"] as const;
export type Sort = (typeof SORTS)[number];

const PAGE_SIZE = 200;

/** The view that a link requests. Invalid parameters are ignored. */
export interface Query {
  readonly sort: Sort;
  readonly url: string | undefined;
  readonly host: string | undefined;
  readonly user: string | undefined;
  /** Part of a host, user or repository, in any letter case. */
  readonly q: string;
  /** Only what is late. */
  readonly late: boolean;
  /** Counted from 1. */
  readonly page: number;
}

export function parseQuery(parameters: URLSearchParams): Query {
  const sort = SORTS.find((one) => one === parameters.get("sort")) ?? "age";
  const page = Number(parameters.get("page") ?? 1);
  return {
    sort,
    url: parameters.get("url") ?? undefined,
    host: parameters.get("host") ?? undefined,
    user: parameters.get("user") ?? undefined,
    q: (parameters.get("q") ?? "").slice(0, 200),
    late: parameters.has("late"),
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** The parameters of a view, without those that have their default. */
export function parametersOf({ sort, url, host, user, q, late, page }: Query): URLSearchParams {
  return new URLSearchParams({
    ...(sort !== "age" && { sort }),
    ...(url !== undefined && { url }),
    ...(host !== undefined && { host }),
    ...(user !== undefined && { user }),
    ...(q !== "" && { q }),
    ...(late && { late: "" }),
    ...(page > 1 && { page: String(page) }),
  });
}

/** A relative link to the same view with changes. The page is 1 unless it is among the changes. */
export function linkTo(query: Query, changes: Partial<Query>): string {
  return `?${parametersOf({ ...query, page: 1, ...changes }).toString()}`;
}

/** A link to the same view without filters. */
export function linkToAll(query: Query): string {
  const none = { url: undefined, host: undefined, user: undefined };
  return linkTo({ ...query, ...none, q: "", late: false }, {});
}

/** The repositories, backup sets and expectations that match the query, the sets sorted. An expectation may be about any repository. */
export function select(status: Status, query: Query): Status {
  const { url } = query;
  return {
    ...status,
    repositories: status.repositories.filter((one) => url === undefined || one.url === url),
    sets: sorted(
      status.sets.filter((set) => matches(set, query)),
      query.sort,
    ),
    expectations: status.expectations.filter((one) => isAbout(one, query)),
  };
}

export function pageOf(
  sets: readonly SetStatus[],
  page: number,
): { readonly setsOnPage: readonly SetStatus[]; readonly page: number; readonly pages: number } {
  const pages = Math.max(1, Math.ceil(sets.length / PAGE_SIZE));
  const current = Math.min(page, pages);
  return {
    setsOnPage: sets.slice((current - 1) * PAGE_SIZE, current * PAGE_SIZE),
    page: current,
    pages,
  };
}

function isAbout(expectation: ExpectationStatus, { host, user, q, late }: Query): boolean {
  const { name, host: ownHost = "", user: ownUser } = expectation;
  return (
    (!late || isOverdue(expectation)) &&
    (host === undefined || ownHost === host) &&
    (user === undefined || (ownUser ?? user) === user) &&
    hasPart([name, ownHost, ownUser ?? ""], q)
  );
}

function hasPart(texts: readonly string[], q: string): boolean {
  const part = q.toLowerCase();
  return part === "" || texts.some((text) => text.toLowerCase().includes(part));
}

function matches(set: SetStatus, { url, host, user, q, late }: Query): boolean {
  return (
    (!late || set.late) &&
    (url === undefined || set.url === url) &&
    (host === undefined || set.host === host) &&
    (user === undefined || set.user === user) &&
    hasPart([set.host, set.user, set.url], q)
  );
}

/** Sorts numbers in descending order, names in ascending order. By age, sets that need attention come first. */
function sorted(sets: readonly SetStatus[], sort: Sort): readonly SetStatus[] {
  const numbers: Readonly<Partial<Record<Sort, (set: SetStatus) => number>>> = {
    age: (set) => set.ageSeconds,
    snapshots: (set) => set.snapshots,
    added: (set) => set.addedBytes ?? -1,
    took: (set) => set.durationSeconds ?? -1,
  };
  const value = numbers[sort];
  const wrong = (set: SetStatus): number => Number(sort === "age" && needsAttention(set));
  if (value)
    return sets.toSorted((a, b) => wrong(b) - wrong(a) || value(b) - value(a) || byName(a, b));
  const text = (set: SetStatus): string =>
    sort === "user" ? set.user : sort === "url" ? set.url : set.host;
  return sets.toSorted((a, b) => compare(text(a), text(b)) || byName(a, b));
}

function byName(a: SetStatus, b: SetStatus): number {
  return compare(a.host, b.host) || compare(a.user, b.user) || compare(a.url, b.url);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
