import { needsAttention } from "./set-state.ts";
import type { SetStatus, Status } from "./status.ts";

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
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** A relative link to the same view with changes. The page is 1 unless it is among the changes. */
export function linkTo(query: Query, changes: Partial<Query>): string {
  const { sort, url, host, user, q, page } = { ...query, page: 1, ...changes };
  const parameters = new URLSearchParams({
    ...(sort !== "age" && { sort }),
    ...(url !== undefined && { url }),
    ...(host !== undefined && { host }),
    ...(user !== undefined && { user }),
    ...(q !== "" && { q }),
    ...(page > 1 && { page: String(page) }),
  });
  return `?${parameters.toString()}`;
}

/** The repositories and backup sets that match the query, sorted. */
export function select(status: Status, query: Query): Status {
  const { url } = query;
  return {
    ...status,
    repositories: status.repositories.filter((one) => url === undefined || one.url === url),
    sets: sorted(
      status.sets.filter((set) => matches(set, query)),
      query.sort,
    ),
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

function matches(set: SetStatus, { url, host, user, q }: Query): boolean {
  const part = q.toLowerCase();
  return (
    (url === undefined || set.url === url) &&
    (host === undefined || set.host === host) &&
    (user === undefined || set.user === user) &&
    (part === "" || [set.host, set.user, set.url].some((text) => text.toLowerCase().includes(part)))
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
