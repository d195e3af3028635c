import { expect, test } from "vitest";

import type { SecretReference } from "../../instrumentation/core/secret.ts";
import { Secret } from "../../instrumentation/core/secret.ts";
import { settingsSummary } from "../../src/settings/redacted.ts";
import type { AgentSettings } from "../../src/settings/load.ts";
import { errorOf, settingsOf } from "../support/agent/settings-file.ts";

type Environment = Readonly<Record<string, string>>;

/** A file without settings of OpenTelemetry. */
const NO_OTLP = "repositories: []\n";

function load(env: Environment, content = NO_OTLP, args: readonly string[] = []) {
  return settingsOf(content, { env, args });
}

function revealed(headers: Readonly<Record<string, SecretReference>>): Environment {
  return Object.fromEntries(
    Object.entries(headers).map(([name, { reference }]) => [
      name,
      reference instanceof Secret ? reference.revealText() : "",
    ]),
  );
}

const urls = ({ otlp }: AgentSettings): readonly string[] => otlp.map(({ url }) => url);

const LOCAL = "http://localhost:4318/v1/metrics";
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" };
const ENDPOINT_URL = "http://c:4318/v1/metrics";

/** Variables; whether /metrics is served; the URLs of the OTLP endpoints. */
test.for<[Environment, boolean, readonly string[]]>([
  [{}, true, []],
  [ENDPOINT, true, [ENDPOINT_URL]],
  [{ OTEL_METRICS_EXPORTER: "none" }, false, []],
  [{ ...ENDPOINT, OTEL_METRICS_EXPORTER: "none" }, false, []],
  [{ ...ENDPOINT, OTEL_METRICS_EXPORTER: "prometheus" }, true, []],
  [{ ...ENDPOINT, OTEL_METRICS_EXPORTER: "otlp" }, false, [ENDPOINT_URL]],
  [{ OTEL_METRICS_EXPORTER: "otlp" }, false, [LOCAL]],
  [{ OTEL_METRICS_EXPORTER: "otlp, prometheus" }, true, [LOCAL]],
  [{ ...ENDPOINT, OTEL_METRICS_EXPORTER: "" }, true, [ENDPOINT_URL]],
  [{ ...ENDPOINT, OTEL_SDK_DISABLED: "True" }, false, []],
  [{ ...ENDPOINT, OTEL_SDK_DISABLED: "false" }, true, [ENDPOINT_URL]],
  [{ ...ENDPOINT, OTEL_SDK_DISABLED: "1" }, true, [ENDPOINT_URL]],
])("%o selects the exporters", async ([env, prometheus, endpoints]) => {
  const settings = await load(env);
  expect([settings.prometheus, urls(settings)]).toEqual([prometheus, endpoints]);
});

test("an endpoint has defaults for all other variables", async () => {
  const { otlp, otlpIntervalMs, otlpTimeoutMs } = await load(ENDPOINT);
  expect(otlp).toEqual([
    {
      url: ENDPOINT_URL,
      headers: {},
      protocol: "http/json",
      compression: "gzip",
      timeoutMs: 10_000,
      tls: { ca: undefined, cert: undefined, key: undefined },
    },
  ]);
  expect([otlpIntervalMs, otlpTimeoutMs]).toEqual([60_000, 30_000]);
});

/** Values for the variables of all signals, and for the variables of metrics. */
const EVERY = {
  ENDPOINT: ["https://all/base", "https://own/base"],
  HEADERS: ["a=1,both=all", "both=o%2Cwn, B = 2 "],
  PROTOCOL: ["http/protobuf", "http/json"],
  COMPRESSION: ["none", "gzip"],
  TIMEOUT: ["2000", "3000"],
  CERTIFICATE: ["/all/ca", "/own/ca"],
  CLIENT_CERTIFICATE: ["/all/cert", "/own/cert"],
  CLIENT_KEY: ["/all/key", "/own/key"],
} as const;

function every(prefix: string, index: 0 | 1): Environment {
  return Object.fromEntries(
    Object.entries(EVERY).map(([name, values]) => [`${prefix}${name}`, values[index]]),
  );
}

test("every variable of the exporter is read, and the one for metrics takes precedence over the one for all signals", async () => {
  const all = every("OTEL_EXPORTER_OTLP_", 0);
  const own = every("OTEL_EXPORTER_OTLP_METRICS_", 1);
  const { otlp: forAllSignals } = await load(all);
  expect(forAllSignals).toMatchObject([
    {
      url: "https://all/base/v1/metrics",
      protocol: "http/protobuf",
      compression: "none",
      timeoutMs: 2000,
      tls: { ca: "/all/ca", cert: "/all/cert", key: "/all/key" },
    },
  ]);
  expect(revealed(forAllSignals[0]?.headers ?? {})).toEqual({ a: "1", both: "all" });
  const { otlp: forMetrics } = await load({ ...all, ...own });
  expect(forMetrics).toMatchObject([
    {
      // The specification: the URL for metrics is used as is.
      url: "https://own/base",
      protocol: "http/json",
      compression: "gzip",
      timeoutMs: 3000,
      tls: { ca: "/own/ca", cert: "/own/cert", key: "/own/key" },
    },
  ]);
  expect(revealed(forMetrics[0]?.headers ?? {})).toEqual({ a: "1", both: "o,wn", b: "2" });
});

test("the file takes precedence over the environment, and its endpoints get no headers from there", async () => {
  const env = {
    ...every("OTEL_EXPORTER_OTLP_", 0),
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_METRICS_EXPORTER: "none",
    OTEL_METRIC_EXPORT_INTERVAL: "1000",
    OTEL_METRIC_EXPORT_TIMEOUT: "2000",
    OTEL_EXPORTER_PROMETHEUS_PORT: "1",
  };
  const content = `${NO_OTLP}otlp: [{endpoint: 'http://file:1'}]\notlpInterval: 3s\notlpTimeout: 4s\nbind: ':2'\n`;
  const settings = await load(env, content);
  expect(settings.otlp).toMatchObject([{ url: "http://file:1/v1/metrics", headers: {} }]);
  expect([settings.otlpIntervalMs, settings.otlpTimeoutMs, settings.bind]).toEqual([
    3000,
    4000,
    [{ host: undefined, port: 2 }],
  ]);
  expect(urls(await load(ENDPOINT, `${NO_OTLP}otlp: []\n`))).toEqual([]);
});

test("the precedence of interval, timeout and address is OTEL_* < RESTIC_OTEL_* < flag", async () => {
  const env = {
    OTEL_METRIC_EXPORT_INTERVAL: "4321",
    OTEL_METRIC_EXPORT_TIMEOUT: "1234",
    OTEL_EXPORTER_PROMETHEUS_HOST: "::1",
    OTEL_EXPORTER_PROMETHEUS_PORT: "9464",
  };
  const values = ({ otlpIntervalMs, otlpTimeoutMs, bind }: AgentSettings): unknown => [
    otlpIntervalMs,
    otlpTimeoutMs,
    ...bind,
  ];
  expect(values(await load(env))).toEqual([4321, 1234, { host: "::1", port: 9464 }]);
  const own = {
    ...env,
    RESTIC_OTEL_OTLP_INTERVAL: "5s",
    RESTIC_OTEL_OTLP_TIMEOUT: "6s",
    RESTIC_OTEL_BIND: "h:7",
  };
  expect(values(await load(own))).toEqual([5000, 6000, { host: "h", port: 7 }]);
  const { bind } = await load(own, NO_OTLP, ["--bind", "h:8"]);
  expect(bind).toEqual([{ host: "h", port: 8 }]);
  expect((await load({ OTEL_EXPORTER_PROMETHEUS_HOST: "h" })).bind).toEqual([
    { host: "h", port: 9121 },
  ]);
});

test("a token in the query of an endpoint is not printed", async () => {
  const settings = await load({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://c/m?token=CANARY" });
  expect(urls(settings)).toEqual(["http://c/m?token=CANARY"]);
  expect(settingsSummary(settings)).toMatchObject({ otlp: "http://c/m" });
});

const ADDRESS =
  'must be a URL like "http://collector:4318" without user and password: set credentials in headers';

test.for<[Environment, string]>([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "c:4318" }, `OTEL_EXPORTER_OTLP_ENDPOINT: ${ADDRESS}`],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "127.0.0.1:1" }, `OTEL_EXPORTER_OTLP_ENDPOINT: ${ADDRESS}`],
  [
    { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://u:CANARY@c" },
    `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: ${ADDRESS}`,
  ],
  [
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
    'OTEL_EXPORTER_OTLP_PROTOCOL: "grpc": must be one of http/json, http/protobuf; gRPC is not supported',
  ],
  [
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "json" },
    'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "json": must be one of http/json, http/protobuf',
  ],
  [
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_COMPRESSION: "zstd" },
    'OTEL_EXPORTER_OTLP_COMPRESSION: "zstd": must be one of gzip, none',
  ],
  [
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_TIMEOUT: "10s" },
    'OTEL_EXPORTER_OTLP_TIMEOUT: "10s": must be a whole number of milliseconds',
  ],
  [
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: "authorization CANARY" },
    "OTEL_EXPORTER_OTLP_HEADERS: must be name=value,name=value with values percent-encoded",
  ],
  [
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_METRICS_HEADERS: "a=%CANARY" },
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS: must be name=value,name=value with values percent-encoded",
  ],
  [
    { ...ENDPOINT, OTEL_EXPORTER_OTLP_CLIENT_KEY: "/key" },
    "set both OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY, or neither",
  ],
  [
    { OTEL_METRICS_EXPORTER: "console" },
    'OTEL_METRICS_EXPORTER: unknown exporter "console"; known are none, prometheus, otlp',
  ],
  [
    { OTEL_METRICS_EXPORTER: "hunter2SECRET" },
    "OTEL_METRICS_EXPORTER: unknown exporter; known are none, prometheus, otlp",
  ],
  [
    { OTEL_METRICS_EXPORTER: "none,otlp" },
    "OTEL_METRICS_EXPORTER: none cannot be combined with other exporters",
  ],
  [
    { OTEL_METRIC_EXPORT_INTERVAL: "0" },
    'OTEL_METRIC_EXPORT_INTERVAL: "0": must be a whole number of milliseconds',
  ],
  [
    { OTEL_METRIC_EXPORT_TIMEOUT: "-1" },
    'OTEL_METRIC_EXPORT_TIMEOUT: "-1": must be a whole number of milliseconds',
  ],
  [
    { OTEL_EXPORTER_PROMETHEUS_PORT: "70000" },
    'OTEL_EXPORTER_PROMETHEUS_HOST and _PORT: ":70000": the port is out of range: the maximum is 65535',
  ],
])("%o is rejected", async ([env, message]) => {
  expect(await errorOf(NO_OTLP, { env })).toBe(message);
});

test("invalid variables are ignored unless they are used: they may be set for other programs", async () => {
  const env = { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_EXPORTER_OTLP_TIMEOUT: "x" };
  expect((await load(env)).otlp).toEqual([]);
  expect((await load({ ...env, ...ENDPOINT, OTEL_SDK_DISABLED: "true" })).otlp).toEqual([]);
});
