import type {
  DecodedDetails,
  DecodedSnapshot,
  FirstSeen,
  Snapshot,
} from "../repository/snapshot.ts";
import type { Listing, UnreadableFile } from "../repository/snapshot-cache.ts";
import type { ChangeHistory } from "../repository/snapshots/change-history.ts";
import { Fields } from "./fields.ts";
import { decodeHistory, encodeHistory } from "./history-record.ts";
import { decodeSummary, encodeSummary } from "./summary-record.ts";

/** A line of a state file. */
export type JournalRecord =
  | { readonly kind: "list"; readonly list: readonly string[] }
  | { readonly kind: "snapshot"; readonly snapshot: DecodedSnapshot }
  | {
      readonly kind: "listed";
      readonly listing: Listing;
      readonly changes: Changes;
      /** undefined: that of the record before. */
      readonly history: ChangeHistory | undefined;
    };

/** How a complete listing differs from the records before it. */
export interface Changes {
  /** Ids of snapshots, readable or not, that are no longer listed. */
  readonly removed: readonly string[];
  /** Ids that are unreadable now, and were not before, or not for the same reason. */
  readonly unreadable: readonly (readonly [string, UnreadableFile])[];
}

/** The groups of longer lists are kept: they take a tenth of a second. */
const LONG_LIST = 1000;

/** @param indexOf the number of a list among the list records of the file */
export function encodeSnapshot(
  snapshot: Snapshot,
  indexOf: (list: readonly string[]) => number,
): string {
  const { id, time, hostname, username, summary, details, firstSeen } = snapshot;
  const index = (list: readonly string[] | undefined): number | null =>
    list ? indexOf(list) : null;
  const { paths, tags } = details ?? {};
  const isWhole = paths && tags && paths.length + tags.length < LONG_LIST;
  return JSON.stringify([
    "snapshot",
    id,
    time.seconds,
    time.nanoseconds,
    hostname,
    username,
    summary && encodeSummary(summary),
    details && [
      details.original,
      details.tree,
      index(details.paths),
      index(details.tags),
      details.programVersion,
      details.utcOffsetMinutes,
      ...(isWhole ? [] : [details.groups.paths, details.groups.tags, details.groups.pathsAndTags]),
    ],
    ...encodeSeen(firstSeen),
  ]);
}

export function encodeList(list: readonly string[]): string {
  return JSON.stringify(["list", ...list]);
}

/** @param history undefined: that of the record before */
export function encodeListed(
  { at, completeAt }: Listing,
  changes: Changes,
  history: ChangeHistory | undefined,
): string {
  const unreadable = changes.unreadable.map(([id, { firstSeen, isDamaged }]) =>
    isDamaged
      ? [id, firstSeen?.at ?? null, firstSeen?.missingAt ?? null, 1]
      : [id, ...encodeSeen(firstSeen)],
  );
  const kept = history && encodeHistory(history);
  return JSON.stringify(["listed", at, completeAt, changes.removed, unreadable, kept]);
}

function encodeSeen(seen: FirstSeen | undefined): readonly number[] {
  return seen ? [seen.at, seen.missingAt] : [];
}

/** Decodes the records of one file in their order. */
export class RecordDecoder {
  readonly #lists: (readonly string[])[] = [];
  #seen: FirstSeen | undefined;

  /** @throws TypeError if the text is no record of this version */
  decode(text: string): JournalRecord {
    const fields = Fields.parse(text);
    const kind = fields.text(0);
    if (kind === "list") return { kind, list: this.#list(fields) };
    if (kind === "snapshot") return { kind, snapshot: this.#snapshot(fields) };
    if (kind !== "listed") throw new TypeError("unknown record");
    const listing = { at: fields.number(1), completeAt: fields.number(2) };
    const removed = fields.part(3).texts();
    const unreadable = fields
      .part(4)
      .parts()
      .map((one) => {
        const file = { firstSeen: this.#firstSeen(one, 1), isDamaged: one.has(3) };
        return [one.text(0), file] as const;
      });
    const history = fields.has(5) ? decodeHistory(fields.part(5)) : undefined;
    return { kind, listing, changes: { removed, unreadable }, history };
  }

  #list(fields: Fields): readonly string[] {
    const list = fields.texts().slice(1);
    this.#lists.push(list);
    return list;
  }

  #snapshot(fields: Fields): DecodedSnapshot {
    return {
      id: fields.text(1),
      time: { seconds: fields.number(2), nanoseconds: fields.number(3) },
      hostname: fields.text(4),
      username: fields.text(5),
      summary: fields.has(6) ? decodeSummary(fields.part(6)) : undefined,
      details: fields.has(7) ? this.#details(fields.part(7)) : undefined,
      firstSeen: this.#firstSeen(fields, 8),
    };
  }

  #details(fields: Fields): DecodedDetails {
    const paths = this.#listAt(fields.optionalNumber(2));
    const tags = this.#listAt(fields.optionalNumber(3));
    return {
      original: fields.optionalText(0),
      tree: fields.optionalText(1),
      paths,
      tags,
      groups:
        paths && tags && !fields.has(6)
          ? undefined
          : { paths: fields.text(6), tags: fields.text(7), pathsAndTags: fields.text(8) },
      programVersion: fields.optionalText(4),
      utcOffsetMinutes: fields.number(5),
    };
  }

  #listAt(index: number | undefined): readonly string[] | undefined {
    if (index === undefined) return undefined;
    const list = this.#lists[index];
    if (!list) throw new TypeError("no such list");
    return list;
  }

  /** One object for the snapshots of one listing. */
  #firstSeen(fields: Fields, at: number): FirstSeen | undefined {
    if (!fields.has(at)) return undefined;
    const seen = { at: fields.number(at), missingAt: fields.number(at + 1) };
    if (this.#seen?.at !== seen.at || this.#seen.missingAt !== seen.missingAt) this.#seen = seen;
    return this.#seen;
  }
}
