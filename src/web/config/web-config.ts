import type { Problem } from "restic-otel-instrumentation/internal";

import { HEADER_NAMES, parseHeaders } from "./headers.ts";
import { parseTls, TLS_KEYS } from "./tls-config.ts";
import type { TlsConfig } from "./tls-config.ts";
import { WrittenValue } from "./written-value.ts";

/** Allows `burst` requests at once, and one more per `intervalMs`. */
export interface RateLimit {
  readonly intervalMs: number;
  readonly burst: number;
}

/** A web config file in the format of Prometheus's exporter-toolkit: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md */
export interface WebConfig {
  /** undefined: plain HTTP. */
  readonly tls: TlsConfig | undefined;
  /** Whether HTTP/2 is offered over TLS. */
  readonly http2: boolean;
  /** Headers of every response; an empty value omits the header. */
  readonly headers: Readonly<Record<string, string>>;
  /** bcrypt hashes by user; empty: no login is required. */
  readonly users: ReadonlyMap<string, string>;
  readonly rateLimit: RateLimit | undefined;
}

const KEYS = ["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"];
const HTTP_KEYS = ["http2", "headers"];
const RATE_LIMIT_KEYS = ["interval", "burst"];

/** All keys but the names of users. */
export const FIXED_KEYS: readonly string[] = [
  ...KEYS,
  ...TLS_KEYS,
  ...HTTP_KEYS,
  ...HEADER_NAMES,
  ...RATE_LIMIT_KEYS,
];

/** @param value from a SettingsDocument with `scalars: "written"` */
export function parseWebConfig(
  value: unknown,
): WebConfig | { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  // An empty file is a valid config.
  const root = new WrittenValue(value ?? undefined, problems);
  root.entries(KEYS);
  const http = root.get("http_server_config");
  http.entries(HTTP_KEYS);
  const config = {
    tls: parseTls(root.get("tls_server_config")),
    // Go decodes a key without a value to a section of zero values.
    http2: http.mentioned && !http.given ? false : http.get("http2").boolean(true),
    headers: parseHeaders(http.get("headers")),
    users: parseUsers(root.get("basic_auth_users")),
    rateLimit: parseRateLimit(root.get("rate_limit")),
  };
  return problems.length > 0 ? { problems } : config;
}

/** `$2b$`, the cost, 22 characters of salt and 31 of hash. */
const BCRYPT_HASH = /^\$2[a-z]?\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const COSTS = { min: 4, max: 31 };

function parseUsers(users: WrittenValue): WebConfig["users"] {
  return new Map(
    [...users.entries()].map(([name, value]) => {
      const hash = value.text();
      const cost = Number(BCRYPT_HASH.exec(hash)?.[1] ?? 0);
      if (cost < COSTS.min || cost > COSTS.max)
        value.problem("must be a bcrypt hash, like the output of `htpasswd -nBC 10 USER`");
      if (name.includes(":")) value.problem("a user name must not contain a colon");
      return [name, hash];
    }),
  );
}

function parseRateLimit(limit: WrittenValue): RateLimit | undefined {
  limit.entries(RATE_LIMIT_KEYS);
  const intervalMs = limit.get("interval").durationMs();
  const burst = limit.get("burst").integer();
  if (intervalMs === 0) return undefined;
  if (burst === 0) limit.problem("needs a burst of at least 1, or every request is rejected");
  return { intervalMs, burst };
}
