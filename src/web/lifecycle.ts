import type { IncomingMessage } from "node:http";

import { textAnswer } from "./response.ts";
import type { Answer, Handler, Routes } from "./response.ts";
import { isoTime } from "./status/time.ts";
import type { RepositoryStatus } from "./status/status.ts";

/** What an operator may have the agent do by HTTP. */
export interface Lifecycle {
  /** Resolves with what is wrong, a line each; with undefined if the settings were taken over. Never rejects. */
  reload(): Promise<string | undefined>;
  /** Undefined: one is under way, or the agent stops. Resolves with how it went. */
  collect(): Promise<CollectionOutcome> | undefined;
  /** The agent stops: what it collected ended before its time. */
  stopping(): boolean;
  /** The settings in force, without secrets. */
  config(): unknown;
}

/** The answer of `POST /-/collect?wait`. */
export interface CollectionOutcome {
  /** ISO 8601 in UTC. */
  readonly finishedAt: string;
  readonly total: number;
  /** Those that could not be read whole. */
  readonly failed: number;
  readonly errors: readonly {
    readonly url: string;
    readonly type: string;
    readonly message: string;
  }[];
}

/** @param repositories as they are when the collection has ended */
export function outcomeOf(
  { finishedAt, total, failed }: { finishedAt: number; total: number; failed: number },
  repositories: readonly RepositoryStatus[],
): CollectionOutcome {
  const errors = repositories.flatMap(({ url, error }) =>
    error ? [{ url, type: error.type, message: error.message }] : [],
  );
  return { finishedAt: isoTime(finishedAt), total, failed, errors };
}

const OFF = "not enabled: start the agent with --web.enable-lifecycle";

/** @param lifecycle undefined: all of it is refused */
export function lifecycleRoutes(lifecycle: Lifecycle | undefined): Routes {
  const guarded =
    (act: (lifecycle: Lifecycle, request: IncomingMessage) => Answer | Promise<Answer>): Handler =>
    (request) => {
      if (!lifecycle) return textAnswer(403, OFF);
      return isFromElsewhere(request)
        ? textAnswer(403, "a page of another site may not ask for that")
        : act(lifecycle, request);
    };
  const collection = guarded(collect);
  return new Map([
    ["POST /-/reload", guarded(reload)],
    ["POST /-/collect", collection],
    // As later versions of restic-reporter call it.
    ["POST /reload", collection],
    ["/-/config", guarded((one) => json(one.config()))],
  ]);
}

/** Fetch Metadata: browsers say where a request comes from; others say nothing. */
function isFromElsewhere({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  return site === "cross-site" || site === "same-site";
}

async function reload(lifecycle: Lifecycle): Promise<Answer> {
  const refused = await lifecycle.reload();
  return refused === undefined
    ? textAnswer(200, "settings reloaded, they take effect with the next collection")
    : textAnswer(500, `settings refused, the old ones stay:\n${refused}`);
}

async function collect(lifecycle: Lifecycle, { url = "" }: IncomingMessage): Promise<Answer> {
  const waits = new URLSearchParams(url.split("?", 2)[1]).has("wait");
  const outcome = lifecycle.collect();
  if (!outcome)
    return lifecycle.stopping()
      ? textAnswer(503, "the agent stops, no collection is begun")
      : textAnswer(409, "a collection is under way already");
  if (!waits) return textAnswer(202, "collection started");
  const ended = await outcome;
  // What was not read yet counts as failed in there, and has not.
  return lifecycle.stopping()
    ? textAnswer(503, "the agent stops, the collection was not finished")
    : json(ended);
}

function json(value: unknown): Answer {
  return {
    status: 200,
    type: "application/json; charset=utf-8",
    body: `${JSON.stringify(value, undefined, 2)}\n`,
  };
}
