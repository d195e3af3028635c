import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import { formatBind } from "../settings/bind.ts";
import type { Bind } from "../settings/bind.ts";

/** The result of a health check. */
export interface HealthcheckResult {
  readonly alive: boolean;
  /** Address and finding, on one line. */
  readonly message: string;
}

/** Shorter than the timeout of HEALTHCHECK in the Dockerfile. */
const TIMEOUT_MS = 4000;

/** An agent that requires a login or limits the rate is alive too. */
const ALIVE: ReadonlySet<number> = new Set([200, 401, 429]);

/** Queries the agent at the first address by plain HTTP. An agent with TLS answers 400 with a message, which shows that it is alive. */
export async function healthcheck([first]: readonly Bind[]): Promise<HealthcheckResult> {
  if (!first) return { alive: false, message: "the agent has no HTTP server: bind is none" };
  const where = formatBind(first);
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({
    ...("path" in first
      ? { socketPath: first.path }
      : { host: hostOf(first.host), port: first.port }),
    path: "/-/healthy",
    headers: { connection: "close" },
    agent: false,
    signal: limit,
  })
    .on("response", resolve)
    .on("error", reject)
    .end();
  try {
    const response = await promise;
    const { statusCode = 0 } = response;
    const speaksTls = (await text(response)).includes("HTTPS server") && statusCode === 400;
    const alive = ALIVE.has(statusCode) || speaksTls;
    return { alive, message: `${where}: ${alive ? "healthy" : `unexpected status ${statusCode}`}` };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const message = limit.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : problem;
    return { alive: false, message: `${where}: ${message}` };
  }
}

/** A server on all interfaces is reachable on loopback. */
function hostOf(host: string | undefined): string {
  if (host === undefined || host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}
