import {
  badValue,
  isPrintable,
  percentDecoded,
  Secret,
} from "restic-otel-instrumentation/internal";
import type { SecretReference } from "restic-otel-instrumentation/internal";

import {
  choice,
  COMPRESSIONS,
  ENDPOINT_EXPECTED,
  endpointUrl,
  isIncompletePair,
  OTLP_DEFAULTS,
  PROTOCOLS,
  withSignalPath,
} from "./otlp.ts";
import type { OtlpEndpoint } from "./otlp.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings in OpenTelemetry's own variables ("OpenTelemetry Environment Variable Specification", "OTLP Exporter Configuration"). */
export interface OtelEnvironment {
  /** `OTEL_SDK_DISABLED`: export no metrics; the status page and the log remain. */
  readonly disabled: boolean;
  /** Whether `/metrics` is served. */
  readonly prometheus: boolean;
  readonly otlp: OtlpEndpoint | undefined;
  /** Other settings by their name in the file, unparsed. */
  readonly values: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
  /** Problems of `otlp`, which do not matter if the file sets the endpoints. */
  readonly otlpProblems: readonly string[];
  readonly warnings: readonly string[];
  /** Warnings that matter if there is an OTLP endpoint. */
  readonly otlpWarnings: readonly string[];
}

const EXPORTERS = ["none", "prometheus", "otlp"];

/** @param env without empty variables: they mean unset */
export function readOtelEnvironment(env: Environment): OtelEnvironment {
  const problems: string[] = [];
  const endpointProblems: string[] = [];
  const { endpoint, isSet } = endpointOf(env, endpointProblems);
  const exporters = env["OTEL_METRICS_EXPORTER"]?.split(",").map((name) => name.trim());
  for (const name of exporters ?? [])
    if (!EXPORTERS.includes(name)) {
      const shown = isPrintable(name, [...EXPORTERS, "console", "logging"]) ? ` "${name}"` : "";
      problems.push(
        `OTEL_METRICS_EXPORTER: unknown exporter${shown}; known are ${EXPORTERS.join(", ")}`,
      );
    }
  if (exporters?.includes("none") && exporters.length > 1)
    problems.push("OTEL_METRICS_EXPORTER: none cannot be combined with other exporters");
  const pushes = exporters?.includes("otlp") ?? isSet;
  return {
    disabled: env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true",
    prometheus: exporters?.includes("prometheus") ?? true,
    otlp: pushes ? endpoint : undefined,
    values: {
      ...duration("OTEL_METRIC_EXPORT_INTERVAL", "otlpInterval", env, problems),
      ...duration("OTEL_METRIC_EXPORT_TIMEOUT", "otlpTimeout", env, problems),
      ...bind(env),
    },
    problems,
    // Variables that are not used here may be set for other programs.
    otlpProblems: pushes ? endpointProblems : [],
    warnings: ignoredExporters(env),
    otlpWarnings: areAttributes(env["OTEL_RESOURCE_ATTRIBUTES"] ?? "") ? [] : [ATTRIBUTES_IGNORED],
  };
}

/** One warning for all variables that select exporters of other signals than metrics. */
function ignoredExporters(env: Environment): readonly string[] {
  const ignored = ["OTEL_LOGS_EXPORTER", "OTEL_TRACES_EXPORTER"].filter(
    (variable) => (env[variable] ?? "none") !== "none",
  );
  const verb = ignored.length > 1 ? "are" : "is";
  return ignored.length > 0
    ? [`${ignored.join(" and ")} ${verb} ignored: the agent exports metrics only`]
    : [];
}

/** OTEL_EXPORTER_OTLP_METRICS_* takes precedence over OTEL_EXPORTER_OTLP_*. */
function endpointOf(
  env: Environment,
  problems: string[],
): { readonly endpoint: OtlpEndpoint; readonly isSet: boolean } {
  const read = (
    name: string,
  ): { readonly variable: string; readonly value: string | undefined } => {
    const specific = `OTEL_EXPORTER_OTLP_METRICS_${name}`;
    const variable = env[specific] === undefined ? `OTEL_EXPORTER_OTLP_${name}` : specific;
    return { variable, value: env[variable] };
  };
  const oneOf = <T extends string>(name: string, choices: readonly T[], initial: T): T => {
    const { variable, value } = read(name);
    return choice(value, choices, initial, (message) => problems.push(`${variable}: ${message}`));
  };
  const { value: address, variable } = read("ENDPOINT");
  const isForMetrics = variable.includes("METRICS");
  const url =
    address === undefined
      ? "http://localhost:4318/v1/metrics"
      : isForMetrics
        ? endpointUrl(address)?.href
        : withSignalPath(address);
  if (url === undefined) problems.push(`${variable}: ${ENDPOINT_EXPECTED}`);
  const tls = {
    ca: read("CERTIFICATE").value,
    cert: read("CLIENT_CERTIFICATE").value,
    key: read("CLIENT_KEY").value,
  };
  if (isIncompletePair(tls))
    problems.push(
      "set both OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY, or neither",
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
  return { endpoint, isSet: address !== undefined };
}

/** Parses `name=value,name=value`, percent-encoded. The values may be secrets: no message repeats them. */
function headers(
  variable: string,
  env: Environment,
  problems: string[],
): Readonly<Record<string, SecretReference>> {
  const parsed: Record<string, SecretReference> = {};
  for (const pair of (env[variable] ?? "").split(",")) {
    if (pair.trim() === "") continue;
    const at = pair.indexOf("=");
    const name = pair.slice(0, Math.max(0, at)).trim();
    const decoded = percentDecoded(pair.slice(at + 1).trim());
    if (!HEADER_NAME.test(name) || decoded === undefined)
      problems.push(`${variable}: must be name=value,name=value with values percent-encoded`);
    else parsed[name.toLowerCase()] = { scheme: "literal", reference: new Secret(decoded) };
  }
  return parsed;
}

const HEADER_NAME = /^[\w!#$&'*+.^`|~-]+$/;

const ATTRIBUTES_IGNORED =
  "OTEL_RESOURCE_ATTRIBUTES is ignored: must be name=value,name=value with every other , and = percent-encoded";

/** The SDK silently ignores all attributes if one is invalid. */
function areAttributes(text: string): boolean {
  return text
    .split(",")
    .filter((pair) => pair.trim() !== "")
    .every((pair) => /^\s*[^=\s][^=]*=[^=]*$/.test(pair) && percentDecoded(pair) !== undefined);
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
  problems.push(`${variable}: ${badValue(value)}must be a whole number of milliseconds`);
  return undefined;
}
