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

/** What can be scraped, in both encodings. */
interface Scrapable {
  plain(): readonly Buffer[];
  gzip(): Promise<readonly Buffer[]>;
}

export interface RoutesOptions {
  readonly version: string;
  /** Whether `/metrics` is there. */
  readonly prometheus: boolean;
  /** Rejects if there is no whole exposition. */
  readonly render: () => Promise<Scrapable>;
  /** Why nothing should be scraped yet, as one line; undefined once it may. */
  readonly notReady: () => string | undefined;
  /** What is known now; does no I/O. */
  readonly status: () => Status;
  /** Undefined: nobody may reload or collect by HTTP, or see the settings. */
  readonly lifecycle?: Lifecycle | undefined;
  readonly logger: Logger;
}

/** What an orchestrator asks for. */
export const HEALTH_PATHS = ["/-/healthy", "/-/ready"];

/** All that the agent serves. */
export function routes(options: RoutesOptions): Routes {
  const { version, prometheus, render, notReady, status, lifecycle, logger } = options;
  let failing = false;

  /** Answers with the exposition or, if there is none, with 503 and the reason: never with 200 and less than all. */
  function ifScrapable(
    answer: (exposition: Scrapable) => Answer | Promise<Answer>,
  ): () => Promise<Answer> {
    return async () => {
      const reason = notReady();
      if (reason !== undefined) return textAnswer(503, `not ready: ${reason}`);
      try {
        const answered = await answer(await render());
        failing = false;
        return answered;
      } catch (error) {
        const { message } = toAgentError(error);
        if (!failing) logger.error("metrics could not be rendered", { error: message });
        failing = true;
        return textAnswer(503, `not ready: ${message}`);
      }
    };
  }

  const metrics: Handler = (request) =>
    ifScrapable(async (exposition) => {
      const gzip = acceptsGzip(request.headers["accept-encoding"]);
      return {
        status: 200,
        type: "text/plain; version=0.0.4; charset=utf-8",
        body: gzip ? await exposition.gzip() : exposition.plain(),
        headers: { vary: "accept-encoding", ...(gzip && { "content-encoding": "gzip" }) },
      };
    })();

  return new Map<string, Handler>([
    [
      "/",
      async (request) => {
        const { statusPage } = await import("./status/page.ts");
        return statusPage(version, status(), queryOf(request));
      },
    ],
    ["/status.css", stylesheet],
    ["/status.js", script],
    [
      "/api/status",
      (request) => ({
        status: 200,
        type: "application/json; charset=utf-8",
        body: JSON.stringify(select(status(), queryOf(request))),
      }),
    ],
    ["/metrics", prometheus ? metrics : () => textAnswer(404, NO_METRICS)],
    ["/-/healthy", () => textAnswer(200, "healthy")],
    ["/-/ready", ifScrapable(() => textAnswer(200, "ready"))],
    ...lifecycleRoutes(lifecycle),
  ]);
}

const NO_METRICS =
  "metrics are not served: OTEL_METRICS_EXPORTER does not name prometheus, or OTEL_SDK_DISABLED is true";

function queryOf(request: IncomingMessage): Query {
  const query = /\?(.*)$/s.exec(request.url ?? "")?.[1] ?? "";
  return parseQuery(new URLSearchParams(query));
}
