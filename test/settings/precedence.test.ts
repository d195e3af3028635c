import { expect, test } from "vitest";

import { flagOf, settingNames, variableOf } from "../../src/settings/schema.ts";
import type { AgentSettings } from "../../src/settings/load.ts";
import { errorOf, settingsOf } from "../support/agent/settings-file.ts";

/** Reads the effective value of a setting. */
const EFFECTIVE: Readonly<Record<string, (settings: AgentSettings) => unknown>> = {
  bind: ({ bind }) => bind,
  cron: ({ monitor }) => monitor.cron,
  timezone: ({ monitor }) => monitor.timezone,
  timeout: ({ monitor }) => monitor.timeoutMs,
  requestTimeout: ({ monitor }) => monitor.requestTimeoutMs,
  maxSnapshotSize: ({ monitor }) => monitor.maxSnapshotBytes,
  maxBackupDuration: ({ monitor }) => monitor.maxBackupMs,
  locks: ({ monitor }) => monitor.locksEvery,
  concurrency: ({ monitor }) => monitor.concurrency,
  retryFailed: ({ monitor }) => monitor.retryFailed,
  reverify: ({ monitor }) => monitor.reverifyMs,
  telemetryPath: ({ telemetryPath }) => telemetryPath,
  targetInfo: ({ targetInfo }) => targetInfo,
  startupWait: ({ startupWaitMs }) => startupWaitMs,
  legacyLabel: ({ monitor }) => monitor.legacyLabel,
  logLevel: ({ logLevel }) => logLevel,
  logFormat: ({ logFormat }) => logFormat,
};

/** Name, default, and for file, variable and flag (if there is one): the text and the parsed value. */
const CASES: readonly (readonly [
  string,
  unknown,
  readonly [unknown, unknown],
  readonly [string, unknown],
  (readonly [string, unknown])?,
])[] = [
  [
    "bind",
    [{ host: undefined, port: 9121 }],
    ["127.0.0.1:1", [{ host: "127.0.0.1", port: 1 }]],
    ["[::1]:2", [{ host: "::1", port: 2 }]],
    ["localhost:3", [{ host: "localhost", port: 3 }]],
  ],
  ["telemetryPath", "/metrics", ["/a", "/a"], ["/b", "/b"], ["/c", "/c"]],
  ["targetInfo", false, [true, true], ["false", false]],
  [
    "cron",
    "0 0 * * *",
    ["@daily", "@daily"],
    ["@every 1h30m", "@every 1h30m"],
    ["CRON_TZ=UTC 5 4 * * *", "CRON_TZ=UTC 5 4 * * *"],
  ],
  ["timezone", undefined, ["Europe/Berlin", "Europe/Berlin"], ["UTC", "UTC"]],
  ["timeout", 300_000, ["30s", 30_000], ["1h30m", 5_400_000]],
  ["requestTimeout", 60_000, ["30s", 30_000], ["2m", 120_000], ["200ms", 200]],
  ["maxSnapshotSize", 8_388_608, ["1MiB", 1_048_576], ["32MiB", 33_554_432], ["64KiB", 65_536]],
  ["maxBackupDuration", 86_400_000, ["2d", 172_800_000], ["90m", 5_400_000], ["1w", 604_800_000]],
  ["locks", "off", [{ every: "15m" }, 900_000], ["1h", 3_600_000], ["off", "off"]],
  ["concurrency", 8, [2, 2], ["3", 3]],
  ["retryFailed", true, [false, false], ["true", true]],
  ["reverify", 3_600_000, ["2h", 7_200_000], ["5m", 300_000]],
  ["startupWait", 60_000, ["10s", 10_000], ["20s", 20_000]],
  ["legacyLabel", false, [true, true], ["false", false]],
  ["logLevel", "info", ["warn", "warn"], ["error", "error"], ["debug", "debug"]],
  ["logFormat", "text", ["json", "json"], ["text", "text"], ["json", "json"]],
];

test.for(CASES)(
  "the precedence of %s is default < file < variable < flag",
  async ([name, initial, [inFile, ofFile], [inVariable, ofVariable], flag]) => {
    const effective = EFFECTIVE[name] ?? expect.fail(name);
    const file = JSON.stringify({ repositories: [], [name]: inFile });
    const env = { [variableOf(name)]: inVariable };
    expect(effective(await settingsOf("[]"))).toEqual(initial);
    expect(effective(await settingsOf("[]", { env }))).toEqual(ofVariable);
    expect(effective(await settingsOf(file))).toEqual(ofFile);
    expect(effective(await settingsOf(file, { env: { [variableOf(name)]: "" } }))).toEqual(ofFile);
    expect(effective(await settingsOf(file, { env }))).toEqual(ofVariable);
    if (!flag) return;
    const [inFlag, ofFlag] = flag;
    const args = [`--${flagOf(name)}`, inFlag];
    expect(effective(await settingsOf(file, { env, args }))).toEqual(ofFlag);
  },
);

test("no variable has a name that Kubernetes injects for a Service", () => {
  expect(settingNames().map(variableOf).join(" ")).not.toMatch(/_(PORT|PORT_\w+|SERVICE_HOST)\b/);
});

test("the flag takes precedence over the variable that names the file", async () => {
  const settings = await settingsOf("[]", { env: { RESTIC_OTEL_CONFIG: "/nowhere" } });
  expect(settings.warnings).toEqual([
    "FILE: no repository is enabled, there is nothing to collect",
  ]);
});

test("an unknown RESTIC_OTEL_* variable causes a warning that names the nearest one", async () => {
  const env = {
    RESTIC_OTEL_LOGLEVEL: "debug",
    RESTIC_OTEL_PORT: "tcp://10.0.0.1:9121",
    RESTIC_OTEL_SERVICE_HOST: "10.0.0.1",
    RESTIC_OTEL_EMPTY: "",
    RESTIC_OTEL_hunter2SECRET: "may be a secret in a wrong place",
  };
  const { warnings } = await settingsOf("[]", { env });
  expect(warnings.slice(0, -1)).toEqual([
    "unknown variable RESTIC_OTEL_LOGLEVEL, did you mean RESTIC_OTEL_LOG_LEVEL?",
    "unknown variable RESTIC_OTEL_PORT",
    "unknown variable RESTIC_OTEL_SERVICE_HOST",
    "unknown variable RESTIC_OTEL_…",
  ]);
});

test("all problems of file, variables and flags are reported at once", async () => {
  const message = await errorOf("repositories: []\ntimeout: 5\n", {
    env: { RESTIC_OTEL_CONCURRENCY: "many", RESTIC_OTEL_CRON: "* * *" },
    args: ["--log-level", "loud", "--bind", "9121"],
  });
  expect(message.split("\n")).toEqual([
    'FILE:2:1: timeout: 5: must be a duration with its unit, like "30s", "5m" or "1h30m"',
    "RESTIC_OTEL_CRON: invalid cron '* * *': expected 5 fields (or 6, seconds first), found 3; " +
      "valid examples: '0 3 * * *' (each day at 03:00), '@hourly', '@every 1h30m'",
    'RESTIC_OTEL_CONCURRENCY: "many": must be a whole number from 1 to 1000',
    '--bind: "9121": must be "host:port", "[::1]:port", ":port" for all interfaces, "unix:/path?mode=0660", a list of these, or "none"',
    '--log-level: "loud": must be one of debug, info, warn, error',
  ]);
});

test.for([
  [":9121", [{ host: undefined, port: 9121 }]],
  ["0.0.0.0:80", [{ host: "0.0.0.0", port: 80 }]],
  ["[fe80::1%eth0]:80", [{ host: "fe80::1%eth0", port: 80 }]],
  ["localhost:0", [{ host: "localhost", port: 0 }]],
  [
    "127.0.0.1:1, [::1]:1",
    [
      { host: "127.0.0.1", port: 1 },
      { host: "::1", port: 1 },
    ],
  ],
  ["none", []],
] as const)("the address %s is valid", async ([bind, addresses]) => {
  expect((await settingsOf("[]", { args: ["--bind", bind] })).bind).toEqual(addresses);
});

test.for(["::1:80", "host", "host:", ":http", "h:1:2", "a b:1", "[::1]", ":65536", ":1,"])(
  "the address %s is invalid",
  async (bind) => {
    expect(await errorOf("[]", { args: ["--bind", bind] })).toMatch(/^--bind: /);
  },
);
