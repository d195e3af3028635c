import { request } from "node:http";

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
export function healthcheck([first]: readonly Bind[]): Promise<HealthcheckResult> {
  if (!first)
    return Promise.resolve({ alive: false, message: "the agent has no HTTP server: bind is none" });
  const where = formatBind(first);
  const { promise, resolve } = Promise.withResolvers<HealthcheckResult>();
  const sent = request({
    ...("path" in first
      ? { socketPath: first.path }
      : { host: hostOf(first.host), port: first.port }),
    path: "/-/healthy",
    headers: { connection: "close" },
    agent: false,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  sent.on("error", ({ name, message }) =>
    resolve({
      alive: false,
      message: `${where}: ${name === "AbortError" ? `no answer within ${TIMEOUT_MS / 1000} s` : message}`,
    }),
  );
  sent.on("response", (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => (body += text));
    response.on("end", () => {
      const { statusCode = 0 } = response;
      const speaksTls = statusCode === 400 && body.includes("HTTPS server");
      const alive = ALIVE.has(statusCode) || speaksTls;
      resolve({
        alive,
        message: `${where}: ${alive ? "healthy" : `unexpected status ${statusCode}`}`,
      });
    });
  });
  sent.end();
  return promise;
}

/** A server on all interfaces is reachable on loopback. */
function hostOf(host: string | undefined): string {
  if (host === undefined || host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}
