import type { Clock } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import { AgentError, toAgentError } from "../../core/error.ts";
import type { Logger } from "../../core/log.ts";
import type { Labels } from "../../core/source.ts";
import { withTimeLimit } from "../../core/time-limit.ts";
import type { Backend } from "../../backends/backend.ts";
import type { TextKeeper } from "../repository/snapshot-cache.ts";
import type { Session } from "../repository/session.ts";
import { holdersOf } from "./holders.ts";
import { decodeLook, encodeLook } from "./kept-holders.ts";
import { logLook } from "./lock-log.ts";
import type { LockFiles, LockLook, LockState } from "./lock-state.ts";
import type { LockFile } from "./lock-file.ts";
import { isUnreadable, readLocks } from "./look.ts";

export interface LockWatchOptions {
  /** undefined: the locks are those from before a restart. */
  readonly backend: Backend | undefined;
  readonly session: Session;
  /** Time from one look to the next, milliseconds. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The labels of the repository. */
  readonly subject: Labels;
  /** Keeps the holders over a restart. */
  readonly keeper: TextKeeper | undefined;
}

/** The backup sets, which are known already, wait for the locks. */
const MAX_LOOK_MS = 30_000;

const NONE: LockLook = { at: -Infinity, holders: [], unreadable: 0, files: new Map() };

/** Collections are never exactly one interval apart: a look may come this part of the interval early. */
const EARLY = 0.1;

/**
 * Looks at the locks of a repository if that is due. Never rejects: a failure leaves what was known, and is logged once.
 * @param previous the result of the last call; undefined: there was none
 */
export async function watchLocks(
  previous: LockState | undefined,
  options: LockWatchOptions,
  signal: AbortSignal,
): Promise<LockState | undefined> {
  const { backend, session, everyMs, clock, logger, subject, keeper } = options;
  const repositoryId = session.config.id;
  const before = previous?.repositoryId === repositoryId ? previous : undefined;
  if (!backend) return before ?? keptState(options);
  const triedAtMs = clock.monotonicMs();
  if (before && triedAtMs - before.triedAtMs < everyMs * (1 - EARLY)) return before;
  try {
    const known = before?.look ?? (await keptState(options))?.look ?? NONE;
    const { files, unread } = await withTimeLimit(MAX_LOOK_MS, tooSlow(), clock, (ended) =>
      readLocks(backend, session.master, known.files, AbortSignal.any([signal, ended])),
    );
    const look = lookOf(files, unread, known, { at: clock.now(), atMs: clock.monotonicMs() });
    logLook(look, known, logger, subject);
    if (before?.problem !== undefined) logger.info("the locks can be read again", subject);
    if (known.holders.length + look.holders.length > 0)
      await keeper?.keep(encodeLook(look), repositoryId, session.master);
    return { repositoryId, triedAtMs, problem: undefined, look };
  } catch (error) {
    const problem = toAgentError(error).message;
    if (before?.problem === undefined)
      logger.warn("the locks cannot be read", { ...subject, error: problem });
    return { repositoryId, triedAtMs, problem, look: before?.look };
  }
}

/** The locks from before a restart; undefined: there were none. A look is due. */
async function keptState({
  keeper,
  session,
  clock,
}: LockWatchOptions): Promise<LockState | undefined> {
  const repositoryId = session.config.id;
  const text = await keeper?.load(repositoryId, session.master);
  const look = text === undefined ? undefined : decodeLook(text, clock.monotonicMs());
  return look && { repositoryId, triedAtMs: -Infinity, problem: undefined, look };
}

function tooSlow(): AgentError {
  return new AgentError("timeout", `reading the locks took over ${formatDuration(MAX_LOOK_MS)}`);
}

function lookOf(
  files: LockFiles,
  unread: number,
  known: LockLook,
  time: { readonly at: number; readonly atMs: number },
): LockLook {
  const readable = [...files].flatMap(([id, file]): (readonly [string, LockFile])[] =>
    isUnreadable(file) ? [] : [[id, file]],
  );
  return {
    at: time.at,
    holders: holdersOf(readable, known.holders, time),
    unreadable: files.size - readable.length + unread,
    files,
  };
}
