import { toAgentError } from "restic-otel-instrumentation/agent";
import type { Logger } from "restic-otel-instrumentation/agent";

import { acceptsGzip } from "./accept-encoding.ts";
import { textAnswer } from "./answer.ts";
import type { Answer, Handler, Routes } from "./answer.ts";
import { homePage } from "./home-page.ts";

/** What can be scraped, in both encodings. */
interface Scrapable {
  plain(): Buffer;
  gzip(): Promise<Buffer>;
}

export interface RoutesOptions {
  readonly version: string;
  /** Rejects if there is no whole exposition. */
  readonly render: () => Promise<Scrapable>;
  /** Why nothing should be scraped yet, as one line; undefined once it may. */
  readonly notReady: () => string | undefined;
  readonly logger: Logger;
}

/** All that the agent serves. */
export function routes({ version, render, notReady, logger }: RoutesOptions): Routes {
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
    ["/", () => homePage(version)],
    ["/metrics", metrics],
    ["/-/healthy", () => textAnswer(200, "healthy")],
    ["/-/ready", ifScrapable(() => textAnswer(200, "ready"))],
  ]);
}
