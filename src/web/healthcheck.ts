import { request } from "node:http";

import { formatBind } from "../settings/bind.ts";
import type { Bind } from "../settings/bind.ts";

/** What was found out: whether an agent is alive there, and how it can be told. */
export interface Checked {
  readonly alive: boolean;
  /** A line. */
  readonly found: string;
}

/** Less than an image's own time limit. */
const WITHIN_MS = 4000;

/** An agent that wants a login, or has enough requests, is alive too. */
const ALIVE: ReadonlySet<number> = new Set([200, 401, 429]);

/** Asks the agent that listens on the first of these, in the clear: one that speaks TLS says so, and that is an answer. */
export function healthcheck([first]: readonly Bind[]): Promise<Checked> {
  if (!first) return Promise.resolve({ alive: false, found: "nothing listens: bind is none" });
  const where = formatBind(first);
  const { promise, resolve } = Promise.withResolvers<Checked>();
  const asked = request({
    ...("path" in first
      ? { socketPath: first.path }
      : { host: hostOf(first.host), port: first.port }),
    path: "/-/healthy",
    headers: { connection: "close" },
    agent: false,
    signal: AbortSignal.timeout(WITHIN_MS),
  });
  asked.on("error", ({ name, message }) =>
    resolve({
      alive: false,
      found: `${where}: ${name === "AbortError" ? `no answer within ${WITHIN_MS / 1000} s` : message}`,
    }),
  );
  asked.on("response", (response) => {
    let said = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => (said += text));
    response.on("end", () => {
      const { statusCode = 0 } = response;
      const speaksTls = statusCode === 400 && said.includes("HTTPS server");
      const alive = ALIVE.has(statusCode) || speaksTls;
      resolve({ alive, found: `${where}: ${alive ? "healthy" : `answers ${statusCode}`}` });
    });
  });
  asked.end();
  return promise;
}

/** An address that means all interfaces is reached on loopback. */
function hostOf(host: string | undefined): string {
  if (host === undefined || host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}
