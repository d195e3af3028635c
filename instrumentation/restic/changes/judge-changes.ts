import type { LogFields, Logger } from "../../core/log.ts";
import type { Labels } from "../../core/source.ts";
import type {
  ChangeEvent,
  ChangeHistory,
  ChangeName,
  ListingChange,
} from "../repository/snapshots/change-history.ts";
import { formatSeconds } from "../repository/timestamp.ts";
import { nextHistory } from "./next-history.ts";

interface Words {
  readonly level: "info" | "warn";
  readonly message: string;
}

const WORDS: Readonly<Record<ChangeName, Words>> = {
  newest_snapshot_removed: {
    level: "warn",
    message: "the newest snapshot of a host and its paths was removed",
  },
  backup_set_vanished: { level: "warn", message: "a backup set has no snapshot left" },
  snapshot_emptied: {
    level: "warn",
    message: "a snapshot was replaced by one with fewer than half of its files or bytes",
  },
  key_removed: { level: "warn", message: "a key was removed" },
  key_added: { level: "warn", message: "a key was added" },
  snapshot_rewritten: {
    level: "warn",
    message: "a snapshot was replaced by one with other content",
  },
  snapshot_removed: { level: "info", message: "a snapshot was removed" },
  snapshots_returned: {
    level: "warn",
    message: "snapshots that were missing are listed again: they count as not removed",
  },
  snapshot_retagged: {
    level: "info",
    message: "a snapshot was replaced by one with the same content",
  },
};

/** The next history of a repository. Logs each change, at most 1,000, and one summary. */
export function judgeChanges(
  previous: ChangeHistory | undefined,
  change: ListingChange,
  { appendOnly, logger, subject }: JudgeOptions,
): ChangeHistory {
  const { history, events, counts, isViolated } = nextHistory(previous, change, appendOnly);
  for (const event of events) {
    const { level, message } = WORDS[event.event];
    logger[level](message, { ...subject, ...fieldsOf(event) });
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total > 1)
    logger.info("the repository changed since the last collection", {
      ...subject,
      ...Object.fromEntries(counts),
      ...(total > events.length && { not_logged: total - events.length }),
    });
  if (isViolated) logger.warn("an append-only repository lost snapshots", { ...subject });
  return history;
}

interface JudgeOptions {
  /** The setting of the repository. */
  readonly appendOnly: boolean;
  readonly logger: Logger;
  readonly subject: Labels;
}

/** Without `at`, which is the time of the line. */
function fieldsOf(event: ChangeEvent): LogFields {
  const { at: _, time, ...rest } = event;
  return { ...rest, snapshotTime: time === undefined ? undefined : formatSeconds(time) };
}
