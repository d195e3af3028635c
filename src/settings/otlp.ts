import {
  badValue,
  described,
  DURATION,
  isJsonObject,
  mapping,
  parseReference,
  positiveMs,
  SECRET,
  TEXT,
  Secret,
  unknownKeys,
  withoutTrailingSlashes,
} from "restic-otel-instrumentation/internal";
import type {
  JsonSchema,
  Problem,
  Properties,
  SecretReference,
  SecretResolver,
} from "restic-otel-instrumentation/internal";

export const PROTOCOLS = ["http/json", "http/protobuf"] as const;
type Protocol = (typeof PROTOCOLS)[number];
export const COMPRESSIONS = ["gzip", "none"] as const;
type Compression = (typeof COMPRESSIONS)[number];

/** An OTLP receiver of metrics. */
export interface OtlpEndpoint {
  /** The complete URL, including `/v1/metrics`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, SecretReference>>;
  readonly protocol: Protocol;
  readonly compression: Compression;
  /** Time limit of one request with its retries. */
  readonly timeoutMs: number;
  /** Paths of PEM files. */
  readonly tls: {
    readonly ca: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
  };
}

export const OTLP_DEFAULTS = {
  protocol: "http/json",
  compression: "gzip",
  timeoutMs: 10_000,
} as const;

const HEADER = /^[\w!#$%&'*+.^`|~-]+$/;

const TLS: Properties = {
  ca: described("PEM file with the certificates of trusted authorities", TEXT),
  cert: described("PEM file with the client certificate", TEXT),
  key: described("PEM file with the key of the client certificate", TEXT),
};
const PROPERTIES: Properties = {
  endpoint: described("URL of the receiver; /v1/metrics is appended", {
    type: "string",
    pattern: "^https?://[^/?#@]+(?:[/?#]|$)",
  }),
  headers: described("headers of each request", {
    type: "object",
    propertyNames: { pattern: HEADER.source },
    additionalProperties: SECRET,
  }),
  protocol: described("default: http/json", { enum: PROTOCOLS }),
  compression: described("default: gzip", { enum: COMPRESSIONS }),
  timeout: described("time limit of one request with its retries; default: 10s", DURATION),
  tls: { ...mapping(TLS), dependencies: { cert: ["key"], key: ["cert"] } },
};
const KEYS = Object.keys(PROPERTIES);
const TLS_KEYS = Object.keys(TLS);

/** One entry of `otlp`. */
export const OTLP_SCHEMA: JsonSchema = mapping(PROPERTIES, ["endpoint"]);
const SIGNAL_PATH = "/v1/metrics";

/** The URL without its query, which may contain a token: for logs and for the label `endpoint`. */
export function endpointName(url: string): string {
  return url.replace(/[?#].*$/s, "");
}

/** The headers, and the values of the query. */
export function secretsOfEndpoint({ url, headers: own }: OtlpEndpoint): readonly SecretReference[] {
  const values = [...(URL.parse(url)?.searchParams.values() ?? [])];
  return [
    ...Object.values(own),
    ...values.map((value) => ({ scheme: "literal", reference: new Secret(value) })),
  ];
}

/** Checks the list `otlp` of a settings file. */
export function parseOtlp(
  value: unknown,
  resolvers: Resolvers,
): {
  readonly value: readonly OtlpEndpoint[];
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  if (!Array.isArray(value))
    return { value: [], problems: [{ path: [], message: "must be a list of endpoints" }] };
  const endpoints = value.map((entry: unknown, index) => {
    const problem = (path: readonly (string | number)[], message: string): undefined => {
      problems.push({ path: [index, ...path], message });
    };
    return parseEndpoint(entry, resolvers, problem);
  });
  const names = endpoints.map((endpoint) => endpoint && endpointName(endpoint.url));
  for (const [index, name] of names.entries()) {
    const first = names.indexOf(name);
    if (name !== undefined && first < index)
      problems.push({
        path: [index, "endpoint"],
        message: `is the same as in otlp[${first}]: remove one of the two`,
      });
  }
  return { value: endpoints.filter((endpoint) => endpoint !== undefined), problems };
}

type Resolvers = ReadonlyMap<string, SecretResolver>;
type Report = (path: readonly (string | number)[], message: string) => undefined;

function parseEndpoint(
  entry: unknown,
  resolvers: Resolvers,
  problem: Report,
): OtlpEndpoint | undefined {
  if (!isJsonObject(entry)) return problem([], "must be a mapping with the key endpoint");
  for (const [key, message] of unknownKeys(entry, KEYS)) problem([key], message);
  const url = address(entry["endpoint"], problem);
  const { protocol, compression, timeoutMs } = OTLP_DEFAULTS;
  const endpoint = {
    headers: headers(entry["headers"], resolvers, problem),
    protocol: choice(entry["protocol"], PROTOCOLS, protocol, (text) => problem(["protocol"], text)),
    compression: choice(entry["compression"], COMPRESSIONS, compression, (text) =>
      problem(["compression"], text),
    ),
    timeoutMs: timeout(entry["timeout"], problem) ?? timeoutMs,
    tls: tls(entry["tls"], problem),
  };
  return url === undefined ? undefined : { url, ...endpoint };
}

function address(value: unknown, problem: Report): string | undefined {
  if (value === undefined) return problem([], "endpoint is missing: add the URL of the receiver");
  const url = typeof value === "string" ? withSignalPath(value) : undefined;
  return url ?? problem(["endpoint"], ENDPOINT_EXPECTED);
}

export const ENDPOINT_EXPECTED =
  'must be a URL like "http://collector:4318" without user and password: set credentials in headers';

/** Appends `/v1/metrics` to the base URL of all signals; undefined: not a valid URL. */
export function withSignalPath(base: string): string | undefined {
  const url = endpointUrl(base);
  if (url && !url.pathname.endsWith(SIGNAL_PATH))
    url.pathname = withoutTrailingSlashes(url.pathname) + SIGNAL_PATH;
  return url?.href;
}

export function endpointUrl(text: string): URL | undefined {
  const url = /^https?:\/\//.test(text) ? URL.parse(text) : undefined;
  return url?.username === "" && url.password === "" ? url : undefined;
}

function headers(value: unknown, resolvers: Resolvers, problem: Report): OtlpEndpoint["headers"] {
  if (value === undefined) return {};
  if (!isJsonObject(value)) {
    problem(["headers"], "must be a mapping from names to values");
    return {};
  }
  const parsed: Record<string, SecretReference> = {};
  for (const [name, given] of Object.entries(value)) {
    const reference = parseReference(given, resolvers);
    if ("message" in reference) problem(["headers", name, ...reference.path], reference.message);
    else if (!HEADER.test(name)) problem(["headers", name], "is not a valid header name");
    else parsed[name.toLowerCase()] = reference;
  }
  return parsed;
}

export function choice<T extends string>(
  value: unknown,
  choices: readonly T[],
  initial: T,
  problem: (message: string) => void,
): T {
  if (value === undefined) return initial;
  const found = choices.find((one) => one === value);
  if (found === undefined)
    problem(
      `${badValue(value)}must be one of ${choices.join(", ")}${value === "grpc" ? "; gRPC is not supported" : ""}`,
    );
  return found ?? initial;
}

function timeout(value: unknown, problem: Report): number | undefined {
  if (value === undefined) return undefined;
  const expected = `${badValue(value)}must be a duration with its unit, like "10s"`;
  return positiveMs(value) ?? problem(["timeout"], expected);
}

function tls(value: unknown, problem: Report): OtlpEndpoint["tls"] {
  if (value !== undefined && !isJsonObject(value)) problem(["tls"], "must be a mapping");
  const files = isJsonObject(value) ? value : {};
  for (const [key, message] of unknownKeys(files, TLS_KEYS)) problem(["tls", key], message);
  const file = (key: string): string | undefined => {
    const path = files[key];
    if (path === undefined || typeof path === "string") return path;
    return problem(["tls", key], "must be the path of a PEM file");
  };
  const parsed = { ca: file("ca"), cert: file("cert"), key: file("key") };
  if (isIncompletePair(parsed)) problem(["tls"], "set both cert and key, or neither");
  return parsed;
}

/** A client certificate without its key, or the other way round. */
export function isIncompletePair({ cert, key }: OtlpEndpoint["tls"]): boolean {
  return (cert === undefined) !== (key === undefined);
}
