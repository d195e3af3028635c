import { Secret } from "restic-otel-instrumentation/internal";
import type { SecretReference } from "restic-otel-instrumentation/internal";

import {
  choice,
  COMPRESSIONS,
  ENDPOINT_WRONG,
  endpointUrl,
  isHalf,
  OTLP_DEFAULTS,
  PROTOCOLS,
  withSignalPath,
} from "./otlp.ts";
import type { OtlpEndpoint } from "./otlp.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What OpenTelemetry's own variables say ("OpenTelemetry Environment Variable Specification", "OTLP Exporter Configuration"). */
export interface OtelEnvironment {
  /** `OTEL_SDK_DISABLED`: no metrics at all; status page and log stay. */
  readonly disabled: boolean;
  /** Whether `/metrics` is served. */
  readonly prometheus: boolean;
  readonly otlp: OtlpEndpoint | undefined;
  /** Settings under their own names, as somebody would write them. */
  readonly values: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
  /** What is wrong with `otlp`: nothing to stop for if it is not used. */
  readonly otlpProblems: readonly string[];
  /** Shown if something is pushed. */
  readonly warnings: readonly string[];
}

const EXPORTERS = ["none", "prometheus", "otlp"];

/** Empty variables count as not set. */
export function readOtelEnvironment(env: Environment): OtelEnvironment {
  const problems: string[] = [];
  const wrongEndpoint: string[] = [];
  const { endpoint, isNamed } = endpointOf(env, wrongEndpoint);
  const named = env["OTEL_METRICS_EXPORTER"]?.split(",").map((name) => name.trim());
  for (const name of named ?? [])
    if (!EXPORTERS.includes(name))
      problems.push(
        `OTEL_METRICS_EXPORTER: "${name}" is not known, known are ${EXPORTERS.join(", ")}`,
      );
  if (named?.includes("none") && named.length > 1)
    problems.push("OTEL_METRICS_EXPORTER: none stands alone: leave it out, or the others");
  const pushes = named?.includes("otlp") ?? isNamed;
  return {
    disabled: env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true",
    prometheus: named?.includes("prometheus") ?? true,
    otlp: pushes ? endpoint : undefined,
    values: {
      ...duration("OTEL_METRIC_EXPORT_INTERVAL", "otlpInterval", env, problems),
      ...duration("OTEL_METRIC_EXPORT_TIMEOUT", "otlpTimeout", env, problems),
      ...bind(env),
    },
    problems,
    // They may be there for other programs.
    otlpProblems: pushes ? wrongEndpoint : [],
    warnings: areAttributes(env["OTEL_RESOURCE_ATTRIBUTES"] ?? "") ? [] : [ATTRIBUTES_WRONG],
  };
}

/** The variable of metrics wins over that of all signals. */
function endpointOf(
  env: Environment,
  problems: string[],
): { readonly endpoint: OtlpEndpoint; readonly isNamed: boolean } {
  const read = (
    name: string,
  ): { readonly variable: string; readonly value: string | undefined } => {
    const own = `OTEL_EXPORTER_OTLP_METRICS_${name}`;
    const variable = env[own] === undefined ? `OTEL_EXPORTER_OTLP_${name}` : own;
    return { variable, value: env[variable] };
  };
  const oneOf = <T extends string>(name: string, choices: readonly T[], initial: T): T => {
    const { variable, value } = read(name);
    return choice(value, choices, initial, (message) => problems.push(`${variable}: ${message}`));
  };
  const { value: address, variable } = read("ENDPOINT");
  const isOwn = variable.includes("METRICS");
  const url =
    address === undefined
      ? "http://localhost:4318/v1/metrics"
      : isOwn
        ? endpointUrl(address)?.href
        : withSignalPath(address);
  if (url === undefined) problems.push(`${variable}: ${ENDPOINT_WRONG}`);
  const tls = {
    ca: read("CERTIFICATE").value,
    cert: read("CLIENT_CERTIFICATE").value,
    key: read("CLIENT_KEY").value,
  };
  if (isHalf(tls))
    problems.push(
      "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY belong together",
    );
  const endpoint = {
    url: url ?? "",
    headers: {
      ...headers("OTEL_EXPORTER_OTLP_HEADERS", env, problems),
      ...headers("OTEL_EXPORTER_OTLP_METRICS_HEADERS", env, problems),
    },
    protocol: oneOf("PROTOCOL", PROTOCOLS, OTLP_DEFAULTS.protocol),
    compression: oneOf("COMPRESSION", COMPRESSIONS, OTLP_DEFAULTS.compression),
    timeoutMs: milliseconds(read("TIMEOUT"), problems) ?? OTLP_DEFAULTS.timeoutMs,
    tls,
  };
  return { endpoint, isNamed: address !== undefined };
}

/** `name=value,name=value`, percent-encoded: values are secrets. */
function headers(
  variable: string,
  env: Environment,
  problems: string[],
): Readonly<Record<string, SecretReference>> {
  const parsed: Record<string, SecretReference> = {};
  for (const pair of (env[variable] ?? "").split(",")) {
    if (pair.trim() === "") continue;
    const [, name, value] = /^\s*([\w!#$&'*+.^`|~-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    const decoded = decode(value);
    if (name === undefined || decoded === undefined)
      problems.push(`${variable}: must be name=value,name=value with values percent-encoded`);
    else parsed[name.toLowerCase()] = { scheme: "literal", reference: new Secret(decoded) };
  }
  return parsed;
}

const ATTRIBUTES_WRONG =
  "OTEL_RESOURCE_ATTRIBUTES is not used: must be name=value,name=value with every other , and = percent-encoded";

/** The SDK leaves all of them out, without a word, if one is wrong. */
function areAttributes(text: string): boolean {
  return text
    .split(",")
    .filter((pair) => pair.trim() !== "")
    .every((pair) => /^\s*[^=\s][^=]*=[^=]*$/.test(pair) && decode(pair) !== undefined);
}

function decode(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function duration(
  variable: string,
  setting: string,
  env: Environment,
  problems: string[],
): Readonly<Record<string, string>> {
  const ms = milliseconds({ variable, value: env[variable] }, problems);
  return ms === undefined ? {} : { [setting]: `${ms}ms` };
}

function bind(env: Environment): Readonly<Record<string, string>> {
  const { OTEL_EXPORTER_PROMETHEUS_HOST: host, OTEL_EXPORTER_PROMETHEUS_PORT: port } = env;
  if (host === undefined && port === undefined) return {};
  return { bind: `${host?.includes(":") ? `[${host}]` : (host ?? "")}:${port ?? "9121"}` };
}

function milliseconds(
  { variable, value }: { readonly variable: string; readonly value: string | undefined },
  problems: string[],
): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) : 0;
  if (ms > 0) return ms;
  problems.push(`${variable}: must be a whole number of milliseconds`);
  return undefined;
}
