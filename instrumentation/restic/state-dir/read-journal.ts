import type { KeyObject } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";

import { sharing } from "../repository/sharing.ts";
import { decodeFirstVersion } from "./first-version.ts";
import { JournalContent } from "./journal-content.ts";
import { openLine } from "./line.ts";
import { RecordDecoder } from "./record.ts";
import type { JournalRecord } from "./record.ts";

/** Records between two turns of the event loop: a few milliseconds. */
const AT_ONCE = 500;
/** Characters of a line that has a turn of its own. */
const LONG_LINE = 2 ** 18;
/** Bound of a state file: ten million snapshots take 4 GB. */
const MAX_BYTES = 2 ** 32;
/** Lines of larger chunks survive the collection of young garbage. */
const READ_BYTES = 2 ** 16;
/** Bound of the first line, characters: it has the id of the repository. */
const MAX_FIRST_LINE = 1024;
/** Bound of the other lines: a list has up to 16 MiB, and a character of it up to six letters in JSON. */
const MAX_LINE = 2 ** 27;

/** The text of the first line. */
export function head(version: 1 | 2, repositoryId: string): string {
  return JSON.stringify(["restic-otel state", version, repositoryId]);
}

/** A journal whose lines were all sealed with the key of the repository. */
export interface WholeJournal {
  readonly content: JournalContent;
  /** The list records of the file. */
  readonly lists: readonly (readonly string[])[];
  /** Lines after the first one; undefined: no record may be appended. */
  readonly records: number | undefined;
}

/**
 * Reads a state file. An incomplete last line is ignored: the agent was killed while it wrote.
 * @returns as a string why the file cannot be trusted
 */
export async function readJournal(
  file: FileHandle,
  repositoryId: string,
  key: KeyObject,
): Promise<WholeJournal | string> {
  const { size } = await file.stat();
  if (size > MAX_BYTES) return `has ${size} bytes, more than ${MAX_BYTES}`;
  const content = new JournalContent();
  const lists: (readonly string[])[] = [];
  const decoder = new RecordDecoder();
  const share = sharing();
  let version: 1 | 2 | undefined;
  let lines = 0;

  function add(text: string): void {
    const record: JournalRecord =
      version === 1
        ? { kind: "snapshot", snapshot: decodeFirstVersion(text) }
        : decoder.decode(text);
    if (record.kind === "list") lists.push(record.list);
    else if (record.kind === "listed") content.settle(record);
    else content.addSnapshot(share(record.snapshot));
  }

  /**
   * @param text of the next line; undefined: it was not sealed with the key
   * @returns why the file cannot be trusted
   */
  function take(text: string | undefined): string | undefined {
    lines += 1;
    if (text === undefined)
      return `was not written with this repository's key, or was changed (line ${lines})`;
    if (lines === 1) {
      version = ([1, 2] as const).find((one) => text === head(one, repositoryId));
      return version ? undefined : "is of another version";
    }
    try {
      add(text);
      return undefined;
    } catch {
      return `has an unknown record (line ${lines})`;
    }
  }

  const chunks = file.createReadStream({
    encoding: "utf8",
    highWaterMark: READ_BYTES,
    autoClose: false,
  });
  let rest = "";
  for await (const chunk of chunks) {
    // A long line is put together once, not for each chunk.
    const [first = "", ...others] = String(chunk).split("\n");
    const parts = [rest + first, ...others];
    rest = parts.pop() ?? "";
    for (const line of parts) {
      const isLong = line.length > LONG_LINE;
      if (lines % AT_ONCE === 0 || isLong) await setImmediate();
      const text = openLine(line, key);
      if (isLong) await setImmediate();
      const problem = take(text);
      if (problem !== undefined) return problem;
    }
    const bound = lines === 0 ? MAX_FIRST_LINE : MAX_LINE;
    if (rest.length > bound) return `has a line of more than ${bound} characters`;
  }
  // A record must not be appended to an incomplete last line.
  const isAppendable = rest === "" && version === 2;
  return { content, lists, records: isAppendable ? lines - 1 : undefined };
}
