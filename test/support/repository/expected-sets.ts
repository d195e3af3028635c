import { readFile } from "node:fs/promises";

/** A backup set as `restic snapshots --json` implies it. */
export interface ExpectedSet {
  readonly host: string;
  readonly user: string;
  readonly snapshots: number;
  /** Unix seconds, rounded down. */
  readonly newest: number;
  readonly oldest: number;
}

interface ListedSnapshot {
  readonly time: string;
  readonly hostname?: string;
  readonly username?: string;
}

/** The backup sets that the output of `restic snapshots --json` implies, sorted by host and user. */
export function setsOf(json: string): readonly ExpectedSet[] {
  const snapshots: readonly ListedSnapshot[] = JSON.parse(json);
  const sets = Map.groupBy(snapshots, ({ hostname = "", username = "" }) =>
    JSON.stringify([hostname, username === "" ? "UNKNOWN" : username]),
  );
  return [...sets]
    .map(([key, members]) => {
      const [host, user] = JSON.parse(key);
      const times = members.map(({ time }) => Math.floor(new Date(time).getTime() / 1000));
      return {
        host,
        user,
        snapshots: members.length,
        newest: Math.max(...times),
        oldest: Math.min(...times),
      };
    })
    .toSorted((a, b) => (a.host + "\0" + a.user < b.host + "\0" + b.user ? -1 : 1));
}

export async function expectedSets(fixture: string): Promise<readonly ExpectedSet[]> {
  const file = new URL(`../../fixtures/${fixture}.snapshots.json`, import.meta.url);
  return setsOf(await readFile(file, "utf8"));
}
