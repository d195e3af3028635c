import { AgentError } from "../../../instrumentation/core/error.ts";
import type { ErrorCode } from "../../../instrumentation/core/error.ts";
import type { StoreEntry } from "../../../instrumentation/core/source.ts";
import { ExpectationBook } from "../../../instrumentation/expectations/book.ts";
import { overviewOf } from "../../../instrumentation/expectations/overview.ts";
import type { Expectations } from "../../../instrumentation/expectations/overview.ts";
import { parseExpectations } from "../../../instrumentation/settings/expectations/parse.ts";
import type { ExpectationSections } from "../../../instrumentation/settings/expectations/parse.ts";
import type { ChangeHistory, RepositoryState } from "../../../instrumentation/restic/state.ts";
import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { backupSets } from "../../../instrumentation/restic/backup-sets.ts";
import { groupsOf } from "../../../instrumentation/restic/repository/groups.ts";
import { idOf } from "../repository/snapshot-id.ts";
import { statusOf } from "../../../src/web/status/status.ts";
import type { Status } from "../../../src/web/status/status.ts";

/** 2026-01-01T00:00:00Z. */
const NOW = 1_767_225_600_000;
const DAY_SECONDS = 86_400;

interface TestSnapshot {
  readonly host: string;
  readonly user?: string;
  readonly daysAgo: number;
  readonly addedBytes?: number;
  /** With addedBytes. Default: 10. */
  readonly files?: number;
}

interface Repository {
  readonly url: string;
  readonly snapshots?: readonly TestSnapshot[];
  /** The error of the last collection, an hour ago. */
  readonly error?: readonly [ErrorCode, string];
  /** The error affects only some snapshot files. */
  readonly damaged?: boolean;
  readonly locks?: RepositoryState["locks"];
  readonly changes?: ChangeHistory | undefined;
}

interface ConfiguredBeside {
  /** Repositories that are disabled. */
  readonly disabled?: readonly string[];
  readonly maxSlots?: number;
}

/** The status of these repositories. The repositories `uncollected` have no entry in the store. */
export function statusFor(
  repositories: readonly Repository[],
  uncollected: readonly string[] = [],
  sections: ExpectationSections = {},
  { disabled = [], maxSlots = 20_000 }: ConfiguredBeside = {},
): Status {
  const urls = [...repositories.map(({ url }) => url), ...uncollected];
  const entries = repositories.map(entry);
  return statusOf({
    urls,
    entries,
    expected: expectedOf(sections, urls, entries, { disabled, maxSlots }),
    inventories: [],
    nextAt: NOW + 240_000,
    lateAfterMs: 3 * DAY_SECONDS * 1000,
    now: NOW,
  });
}

function expectedOf(
  sections: ExpectationSections,
  urls: readonly string[],
  entries: readonly StoreEntry<RepositoryState>[],
  { disabled, maxSlots }: Required<ConfiguredBeside>,
): Expectations {
  const list = [
    ...urls.map((url) => ({ url, disabled: false })),
    ...disabled.map((url) => ({ url, disabled: true })),
  ];
  const { value, problems } = parseExpectations(sections, { list, areComplete: true });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const book = new ExpectationBook();
  book.configure(value, urls, maxSlots);
  book.update(entries, NOW);
  return overviewOf(book, NOW);
}

function entry({
  url,
  snapshots = [],
  error,
  damaged = false,
  locks,
  changes,
}: Repository): StoreEntry<RepositoryState> {
  const complete = !error || damaged;
  const all = snapshots.map((one, index) => snapshot(one, index));
  return {
    subject: { url },
    state: {
      content: {
        config: { id: "1".repeat(64), version: 2 },
        sets: backupSets(url, all),
        snapshots: all.length,
        unreadable: Number(damaged),
        refused: 0,
        changes,
      },
      cost: {
        list: { requests: 1, receivedBytes: 1 },
        load: { requests: 1, receivedBytes: 1 },
        keyDerivations: 1,
      },
      lastRequests: 2,
      locks,
    },
    attempt: {
      startedAt: NOW - 3_600_000,
      durationSeconds: 1.25,
      complete,
      error: error && new AgentError(error[0], error[1]),
    },
    lastCompleteAt: complete ? NOW - 3_600_000 : NOW - 7_200_000,
    failingSince: complete ? undefined : NOW - 3_600_000,
  };
}

function snapshot(
  { host, user = "root", daysAgo, addedBytes, files = 10 }: TestSnapshot,
  index: number,
): Snapshot {
  return {
    id: idOf(String(index)),
    time: { seconds: NOW / 1000 - daysAgo * DAY_SECONDS, nanoseconds: 0 },
    hostname: host,
    username: user,
    summary:
      addedBytes === undefined
        ? undefined
        : {
            durationSeconds: 61.5,
            files,
            processedBytes: 1000,
            addedBytes,
            addedStoredBytes: addedBytes,
          },
    details: {
      original: undefined,
      tree: undefined,
      paths: ["/"],
      tags: [],
      groups: groupsOf(["/"], []),
      programVersion: undefined,
      utcOffsetMinutes: 0,
    },
  };
}
