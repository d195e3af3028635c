import type { IncomingMessage } from "node:http";

import { toAgentError } from "restic-otel-instrumentation/internal";
import type { Logger } from "restic-otel-instrumentation/internal";

import { acceptsGzip } from "./accept-encoding.ts";
import { textAnswer } from "./response.ts";
import type { Answer, Handler, Routes } from "./response.ts";
import { lifecycleRoutes } from "./lifecycle.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { script, stylesheet } from "./status/assets.ts";
import { parseQuery, select } from "./status/query.ts";
import type { Query } from "./status/query.ts";
import type { Status } from "./status/status.ts";

/** An exposition in both encodings. */
interface Scrapable {
  readonly plain: readonly Buffer[];
  gzip(): Promise<readonly Buffer[]>;
}

export interface RoutesOptions {
  readonly version: string;
  /** Whether the metrics are served. */
  readonly prometheus: boolean;
  /** The path of the metrics. */
  readonly telemetryPath: string;
  /** Rejects if the exposition is incomplete. */
  readonly render: () => Promise<Scrapable>;
  /** Why the agent is not ready for scrapes, on one line; undefined: it is ready. */
  readonly notReady: () => string | undefined;
  /** The current status. Does no I/O. */
  readonly status: () => Status | Promise<Status>;
  /** undefined: the lifecycle routes are disabled. */
  readonly lifecycle?: Lifecycle | undefined;
  readonly logger: Logger;
}

/** Paths for the health checks of an orchestrator. */
export const HEALTH_PATHS = ["/-/healthy", "/-/ready"];

/** The routes of the agent. */
export function routes(options: RoutesOptions): Routes {
  const { version, prometheus, telemetryPath, render, notReady, status, lifecycle, logger } =
    options;
  let failing = false;

  /** Answers 503 with the reason if there is no complete exposition: an incomplete one is never served. */
  async function ifScrapable(
    answer: (exposition: Scrapable) => Answer | Promise<Answer>,
  ): Promise<Answer> {
    const reason = notReady();
    if (reason !== undefined) return textAnswer(503, `not ready: ${reason}`);
    try {
      const response = await answer(await render());
      failing = false;
      return response;
    } catch (error) {
      const { message } = toAgentError(error);
      if (!failing) logger.error("metrics could not be rendered", { error: message });
      failing = true;
      return textAnswer(503, `not ready: ${message}`);
    }
  }

  const metrics: Handler = (request) =>
    ifScrapable(async (exposition) => {
      const gzip = acceptsGzip(request.headers["accept-encoding"]);
      return {
        status: 200,
        type: "text/plain; version=0.0.4; charset=utf-8",
        body: gzip ? await exposition.gzip() : exposition.plain,
        headers: { vary: "accept-encoding", ...(gzip && { "content-encoding": "gzip" }) },
      };
    });

  return new Map<string, Handler>([
    [
      "/",
      async (request) => {
        const { statusPage } = await import("./status/page.ts");
        return statusPage({ version, telemetryPath }, await status(), queryOf(request));
      },
    ],
    ["/status.css", stylesheet],
    ["/status.js", script],
    [
      "/api/status",
      async (request) => ({
        status: 200,
        type: "application/json; charset=utf-8",
        body: JSON.stringify(select(await status(), queryOf(request))),
      }),
    ],
    [telemetryPath, prometheus ? metrics : () => textAnswer(404, NO_METRICS)],
    ["/-/healthy", () => textAnswer(200, "healthy")],
    ["/-/ready", () => ifScrapable(() => textAnswer(200, "ready"))],
    ...lifecycleRoutes(lifecycle),
  ]);
}

const NO_METRICS =
  "metrics are disabled: add prometheus to OTEL_METRICS_EXPORTER, and unset OTEL_SDK_DISABLED";

function queryOf(request: IncomingMessage): Query {
  const query = /\?(.*)$/s.exec(request.url ?? "")?.[1] ?? "";
  return parseQuery(new URLSearchParams(query));
}
