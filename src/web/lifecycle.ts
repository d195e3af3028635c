import type { IncomingMessage } from "node:http";

import { textAnswer } from "./response.ts";
import type { Answer, Handler, Routes } from "./response.ts";
import { isoTime } from "./status/time.ts";
import type { RepositoryStatus } from "./status/status.ts";

/** Actions that an operator can request by HTTP. */
export interface Lifecycle {
  /** Resolves with the problems of the new settings, one per line; undefined: they are in effect. Never rejects. */
  reload(): Promise<string | undefined>;
  /** Starts a collection and resolves with its outcome. undefined: a collection is running, or the agent is stopping. */
  collect(): Promise<CollectionOutcome> | undefined;
  /** Whether the agent is stopping, which aborts a collection. */
  stopping(): boolean;
  /** The settings in effect, without secrets. */
  config(): unknown;
}

/** The answer of `POST /-/collect?wait`. */
export interface CollectionOutcome {
  /** ISO 8601 in UTC. */
  readonly finishedAt: string;
  readonly total: number;
  /** Number of repositories that could not be read completely. */
  readonly failed: number;
  readonly errors: readonly {
    readonly url: string;
    readonly type: string;
    readonly message: string;
  }[];
}

/** @param repositories their status after the collection */
export function outcomeOf(
  { finishedAt, total, failed }: { finishedAt: number; total: number; failed: number },
  repositories: readonly RepositoryStatus[],
): CollectionOutcome {
  const errors = repositories.flatMap(({ url, error }) =>
    error ? [{ url, type: error.type, message: error.message }] : [],
  );
  return { finishedAt: isoTime(finishedAt), total, failed, errors };
}

const DISABLED = "not enabled: start the agent with --web.enable-lifecycle";

/** @param lifecycle undefined: every request is rejected */
export function lifecycleRoutes(lifecycle: Lifecycle | undefined): Routes {
  const guarded =
    (act: (lifecycle: Lifecycle, request: IncomingMessage) => Answer | Promise<Answer>): Handler =>
    (request) => {
      if (!lifecycle) return textAnswer(403, DISABLED);
      return isCrossSite(request)
        ? textAnswer(403, "cross-site requests are not allowed")
        : act(lifecycle, request);
    };
  const collection = guarded(collect);
  return new Map([
    ["POST /-/reload", guarded(reload)],
    ["POST /-/collect", collection],
    // The path in later versions of restic-reporter.
    ["POST /reload", collection],
    ["/-/config", guarded((one) => json(one.config()))],
  ]);
}

/** Fetch Metadata: browsers send the header, other clients do not. */
function isCrossSite({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  return site === "cross-site" || site === "same-site";
}

async function reload(lifecycle: Lifecycle): Promise<Answer> {
  const problems = await lifecycle.reload();
  return problems === undefined
    ? textAnswer(200, "settings reloaded; they take effect with the next collection")
    : textAnswer(500, `settings rejected, the previous ones stay in effect:\n${problems}`);
}

async function collect(lifecycle: Lifecycle, { url = "" }: IncomingMessage): Promise<Answer> {
  const waits = new URLSearchParams(url.split("?", 2)[1]).has("wait");
  const outcome = lifecycle.collect();
  if (!outcome)
    return lifecycle.stopping()
      ? textAnswer(503, "the agent is stopping, no collection was started")
      : textAnswer(409, "a collection is already running");
  if (!waits) return textAnswer(202, "collection started");
  const completed = await outcome;
  // The outcome of an aborted collection counts unread repositories as failed.
  return lifecycle.stopping()
    ? textAnswer(503, "the agent is stopping, the collection was aborted")
    : json(completed);
}

function json(value: unknown): Answer {
  return {
    status: 200,
    type: "application/json; charset=utf-8",
    body: `${JSON.stringify(value, undefined, 2)}\n`,
  };
}
