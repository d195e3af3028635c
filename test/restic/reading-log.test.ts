import { beforeEach, expect, test } from "vitest";

import { backupSets } from "../../instrumentation/restic/backup-sets.ts";
import { ReadingLog } from "../../instrumentation/restic/reading-log.ts";
import type { Unreadable } from "../../instrumentation/restic/repository/snapshots/load-snapshots.ts";
import type { Catalogue } from "../../instrumentation/restic/repository/repository.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { idOf } from "../support/repository/snapshot-id.ts";

const CONFIG = { id: idOf("repository"), version: 2 } as const;
const MISSING: Unreadable = { code: "corrupt", reason: "is listed but missing" };
const DENIED: Unreadable = { code: "denied", reason: "is not read (denied): permission denied" };

let logger: ArrayLogger;
let log: ReadingLog;

beforeEach(() => {
  logger = new ArrayLogger();
  log = new ReadingLog(logger, { url: "/repo" });
});

function catalogue(changes: Partial<Catalogue>): Catalogue {
  const none = { snapshots: new Map(), unreadable: new Map(), losses: [], completeAt: 0 };
  return { config: CONFIG, ...none, ...changes };
}

function named(count: number, problem: Unreadable, from = 0): readonly [string, Unreadable][] {
  return Array.from({ length: count }, (_, index) => [
    String(from + index)
      .padStart(8, "0")
      .repeat(8),
    problem,
  ]);
}

test("960,000 listed names that are not there are one log line with three examples", () => {
  const error = log.record(catalogue({ unreadable: new Map(named(960_000, MISSING)) }), undefined);
  const examples = [0, 1, 2].map((index) => `0000000${index} is listed but missing`);
  expect(error).toMatchObject({
    code: "corrupt",
    message: `960000 unreadable snapshot files: ${examples.join(", ")}, and 959997 more`,
  });
  expect(logger.texts).toHaveLength(1);
  expect(logger.texts[0]).toMatch(/^warn 960000 unreadable snapshot files: (0{64}) is listed/);
  expect(logger.texts[0]?.length).toBeLessThan(400);
});

test("only new unreadable files are logged, and the class of most files is that of the error", () => {
  const first = named(1, MISSING);
  expect(log.record(catalogue({ unreadable: new Map(first) }), undefined)?.code).toBe("corrupt");
  logger.clear();
  const more = new Map([...first, ...named(2, DENIED, 1)]);
  for (let reading = 0; reading < 2; reading++)
    expect(log.record(catalogue({ unreadable: more }), undefined)).toMatchObject({
      code: "denied",
      message:
        "3 unreadable snapshot files: 00000000 is listed but missing, " +
        "00000001 is not read (denied): permission denied, 00000002 is not read (denied): permission denied",
    });
  expect(logger.texts).toEqual([
    expect.stringMatching(/^warn 2 unreadable snapshot files: 00000001/),
  ]);
});

test("a backup set that lost snapshots is one log line, and so is one that only one listing lacked", () => {
  const set = { host: "web", user: "root", known: 9 };
  log.record(
    catalogue({
      losses: [
        { ...set, missing: 9, confirmed: true },
        { ...set, user: "db", missing: 5, confirmed: false },
      ],
    }),
    undefined,
  );
  expect(logger.texts).toEqual([
    'warn a backup set lost 9 of its 9 snapshots, as two listings show {"url":"/repo","host":"web","user":"root"}',
    'warn a listing lacked 5 of the 9 snapshots of a backup set, but a second one has them {"url":"/repo","host":"web","user":"db"}',
  ]);
});

test("the log lines of a repository that loses 10,000 sets are bounded", () => {
  const losses = Array.from({ length: 10_000 }, (_, index) => ({
    host: `h${index}`,
    user: "root",
    missing: 1,
    known: 1,
    confirmed: true,
  }));
  log.record(catalogue({ losses }), undefined);
  expect(logger.texts).toHaveLength(101);
  expect(logger.texts.at(-1)).toBe(
    'warn listings lack snapshots of 9900 more backup sets {"url":"/repo"}',
  );
});

test("another repository at the same URL is one log line", () => {
  const sets = backupSets("/repo", [
    {
      id: idOf("s"),
      time: { seconds: 1, nanoseconds: 0 },
      hostname: "web",
      username: "root",
      summary: undefined,
    },
  ]);
  const previous = { config: CONFIG, sets, snapshots: 1, unreadable: 0, refused: 0 };
  const config = { ...CONFIG, id: idOf("another") };
  log.record(catalogue({ config }), previous);
  log.record(catalogue({ config }), { ...previous, config });
  log.record(catalogue({ config }), undefined);
  expect(logger.texts).toEqual([
    `warn another repository is at this URL: ${config.id.slice(0, 8)} replaces ${CONFIG.id.slice(0, 8)}, which had 1 backup sets {"url":"/repo"}`,
  ]);
});
