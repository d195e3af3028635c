import type { Problem } from "restic-otel-instrumentation/internal";

import { parseHeaders } from "./headers.ts";
import { parseTls } from "./tls-config.ts";
import type { TlsConfig } from "./tls-config.ts";
import { WrittenValue } from "./written-value.ts";

/** How many requests are answered: `burst` at once, and one more each `intervalMs`. */
export interface RateLimit {
  readonly intervalMs: number;
  readonly burst: number;
}

/** What a web config file says. The format is that of Prometheus's exporter-toolkit: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md */
export interface WebConfig {
  /** Undefined: HTTP in the clear. */
  readonly tls: TlsConfig | undefined;
  /** Whether HTTP/2 is offered over TLS. */
  readonly http2: boolean;
  /** Headers of every answer; an empty one is left out of it. */
  readonly headers: Readonly<Record<string, string>>;
  /** bcrypt hashes by user; without any, nobody has to log in. */
  readonly users: ReadonlyMap<string, string>;
  readonly rateLimit: RateLimit | undefined;
}

const KEYS = ["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"];

/** @param value of a document whose scalars are as they are written */
export function parseWebConfig(
  value: unknown,
): WebConfig | { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  // A file without anything in it says nothing.
  const root = new WrittenValue(value ?? undefined, problems);
  root.entries(KEYS);
  const http = root.get("http_server_config");
  http.entries(["http2", "headers"]);
  const config = {
    tls: parseTls(root.get("tls_server_config")),
    // A key without a value is a section of zeros for Go.
    http2: http.mentioned && !http.given ? false : http.get("http2").truth(true),
    headers: parseHeaders(http.get("headers")),
    users: parseUsers(root.get("basic_auth_users")),
    rateLimit: parseRateLimit(root.get("rate_limit")),
  };
  return problems.length > 0 ? { problems } : config;
}

/** `$2b$`, the cost, 22 characters of salt and 31 of hash. */
const BCRYPT_HASH = /^\$2[a-z]?\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const COSTS = { least: 4, most: 31 };

function parseUsers(users: WrittenValue): WebConfig["users"] {
  return new Map(
    [...users.entries()].map(([name, value]) => {
      const hash = value.text();
      const cost = Number(BCRYPT_HASH.exec(hash)?.[1] ?? 0);
      if (cost < COSTS.least || cost > COSTS.most)
        value.problem("must be a bcrypt hash, as `htpasswd -nBC 10 USER` prints one");
      if (name.includes(":")) value.problem("a user name with a colon cannot log in");
      return [name, hash];
    }),
  );
}

function parseRateLimit(limit: WrittenValue): RateLimit | undefined {
  limit.entries(["interval", "burst"]);
  const intervalMs = limit.get("interval").durationMs();
  const burst = limit.get("burst").integer();
  if (intervalMs === 0) return undefined;
  if (burst === 0) limit.problem("needs a burst of 1 at least, or nothing is ever answered");
  return { intervalMs, burst };
}
