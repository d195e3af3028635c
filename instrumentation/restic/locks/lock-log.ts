import { formatDuration } from "../../core/duration.ts";
import type { LogFields, Logger } from "../../core/log.ts";
import type { Labels } from "../../core/source.ts";
import { keyOf } from "./holders.ts";
import type { LockHolder } from "./holders.ts";
import { isUnreadable } from "./look.ts";
import type { LockLook } from "./lock-state.ts";

/** Lines of one look: a client that may write to a repository can make up any number of locks. */
const MAX_LINES = 100;

/**
 * Logs each lock that became stale, each stale one that ended or was refreshed, and new unreadable files in one line.
 * @param previous the look before
 */
export function logLook(look: LockLook, previous: LockLook, logger: Logger, subject: Labels): void {
  const [now, before] = [staleOf(look), staleOf(previous)];
  const held = new Set(look.holders.map(keyOf));
  const lines = [
    ...[...now].flatMap(([key, holder]) =>
      before.has(key) ? [] : [["warn", "a lock is stale", holder] as const],
    ),
    ...[...before].flatMap(([key, holder]) => {
      if (now.has(key)) return [];
      const event = held.has(key) ? "a stale lock was refreshed" : "a stale lock is gone";
      return [["info", event, holder] as const];
    }),
  ];
  for (const [level, message, holder] of lines.slice(0, MAX_LINES))
    logger[level](message, { ...subject, ...fieldsOf(holder, look.at) });
  const rest = lines.length - MAX_LINES;
  if (rest > 0) logger.warn(`${rest} more locks became stale or ended`, subject);
  logUnreadable(look, previous, logger, subject);
}

function staleOf(look: LockLook): ReadonlyMap<string, LockHolder> {
  const stale = look.holders.filter(({ isStale }) => isStale);
  return new Map(stale.map((holder) => [keyOf(holder), holder]));
}

/** @param at of the look, milliseconds since the epoch */
function fieldsOf(holder: LockHolder, at: number): LogFields {
  const { hostname, username, pid, exclusive, since, refreshed } = holder;
  return {
    kind: exclusive ? "exclusive" : "shared",
    host: hostname,
    user: username,
    pid,
    seenFor: formatDuration(Math.max(0, at - since)),
    age: formatDuration(Math.max(0, at - refreshed.seconds * 1000)),
  };
}

function logUnreadable(
  { files, unreadable }: LockLook,
  previous: LockLook,
  logger: Logger,
  subject: Labels,
): void {
  const fresh = [...files].flatMap(([id, file]) =>
    isUnreadable(file) && !previous.files.has(id) ? [`${id.slice(0, 8)} ${file.reason}`] : [],
  );
  const isMore = unreadable > previous.unreadable;
  const [example = isMore ? `only ${files.size} are read` : undefined] = fresh;
  if (example === undefined) return;
  logger.warn(
    `${unreadable} unreadable lock file${unreadable > 1 ? "s" : ""}: ${example}`,
    subject,
  );
}
