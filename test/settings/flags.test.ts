import { expect, test } from "vitest";

import { parseFlags } from "../../src/settings/flags.ts";

const NONE = {
  help: false,
  version: false,
  once: false,
  format: "prometheus",
  checkConfig: false,
  open: false,
  healthcheck: false,
  command: undefined,
  runbookUrl: undefined,
  completion: undefined,
  vault: true,
};

test.for([
  [[], {}],
  [["--config", "a.yaml"], { config: "a.yaml" }],
  [["--config=a.yaml"], { config: "a.yaml" }],
  [["-config", "a.yaml"], { config: "a.yaml" }],
  [["-config=a.yaml"], { config: "a.yaml" }],
  [["--config=a=b"], { config: "a=b" }],
  [["--config="], { config: "" }],
  [["--cron", "@every 1h30m"], { cron: "@every 1h30m" }],
  [["-cron=0 0 * * *", "-bind", ":9"], { cron: "0 0 * * *", bind: ":9" }],
  [["--log-level", "debug", "-log-format=json"], { logLevel: "debug", logFormat: "json" }],
  [["--bind", ":1", "--bind", ":2"], { bind: ":1,:2" }],
  [["--web.listen-address=:1", "--bind=:2"], { bind: ":1,:2" }],
  [["--web.telemetry-path", "/restic"], { telemetryPath: "/restic" }],
  [["--log-level", "info", "--log-level", "warn"], { logLevel: "warn" }],
  [["--web.enable-lifecycle", "--config", "a"], { enableLifecycle: "true", config: "a" }],
  [["-web.enable-lifecycle=false"], { enableLifecycle: "false" }],
] as const)("%j sets settings", ([argv, values]) => {
  expect(parseFlags(argv)).toEqual({ ...NONE, values });
});

test.for([
  [["--help"], { help: true }],
  [["-help"], { help: true }],
  [["-h"], { help: true }],
  [["-v"], { version: true }],
  [["--version"], { version: true }],
  [["-version"], { version: true }],
  [["--once"], { once: true }],
  [["-once=true"], { once: true }],
  [["--once", "--format", "table"], { once: true, format: "table" }],
  [["-format=prometheus", "-once"], { once: true }],
  [["--once=false"], {}],
  [["--check-config"], { checkConfig: true }],
  [["--check-config", "--open"], { checkConfig: true, open: true }],
  [["--healthcheck"], { healthcheck: true }],
  [["suggest"], { command: "suggest" }],
  [["rules"], { command: "rules" }],
  [["rules", "--format=prometheusrule"], { command: "rules", format: "prometheusrule" }],
  [["--runbook-url", "http://h/a", "rules"], { command: "rules", runbookUrl: "http://h/a" }],
  [["--no-vault"], { vault: false }],
  [["-no-vault"], { vault: false }],
  [["--no-vault=false"], {}],
  [["--no-discover-vault"], {}],
  [["--completion", "bash"], { completion: "bash" }],
  [["--completion=fish"], { completion: "fish" }],
  [["-no-discover-vault=true"], {}],
] as const)("%j sets switches", ([argv, switched]) => {
  expect(parseFlags(argv)).toEqual({ ...NONE, ...switched, values: {} });
});

test.for([
  ["--conifg", "unknown flag --conifg, did you mean --config?"],
  ["--port=80", "unknown flag in argument 1"],
  ["-hunter2SECRET", "unknown flag in argument 1"],
  ["--password-hunter2=x", "unknown flag in argument 1"],
  ["--config:hunter2", "argument 1 is unexpected: use flags, or the command suggest or rules"],
  ["config.json", "argument 1 is unexpected: use flags, or the command suggest or rules"],
  ["--", "argument 1 is unexpected: use flags, or the command suggest or rules"],
  ["sugest", "unknown command sugest, did you mean suggest?"],
  ["hunter2-suggest", "argument 1 is unexpected: use flags, or the command suggest or rules"],
  ["--cron", "--cron needs a value"],
  ["--completion", "--completion needs a value"],
  ["--completion=tcsh", '--completion: must be one of bash, zsh, fish, not "tcsh"'],
  ["--once=yes", "--once takes no value"],
  ["--format", "--format needs a value"],
  ["--format=json", '--format: must be one of prometheus, table, prometheusrule, not "json"'],
  ["--format=table", "--format is only for --once and the command rules: add one of them"],
  ["--runbook-url", "--runbook-url needs a value"],
  ["--runbook-url=hunter2", "--runbook-url: must be an http or https URL without a fragment"],
  ["--runbook-url=http://h/#a", "--runbook-url: must be an http or https URL without a fragment"],
  ["--runbook-url=http://h", "--runbook-url is only for the command rules: add it"],
  ["rulles", "unknown command rulles, did you mean rules?"],
  ["--fromat", "unknown flag --fromat, did you mean --format?"],
  ["--open", "--open is only for --check-config: add it"],
] as const)("%s is rejected", ([argument, problem]) => {
  expect(() => parseFlags([argument])).toThrow(
    expect.objectContaining({
      code: "config",
      message: `${problem}; restic-otel --help lists the flags`,
    }),
  );
});

test.for(["once", "check-config", "healthcheck"])("suggest and --%s are rejected", (action) => {
  for (const argv of [
    ["suggest", `--${action}`],
    [`--${action}`, "suggest"],
  ])
    expect(() => parseFlags(argv)).toThrow(`suggest and --${action}: use one of the two`);
});

test.for([
  [["suggest", "rules"], "suggest and rules: use one of the two"],
  [["rules", "--once"], "rules and --once: use one of the two"],
  [
    ["rules", "--format", "table"],
    '--format: must be one of prometheus, prometheusrule, not "table"',
  ],
  [["--format", "json", "--once"], '--format: must be one of prometheus, table, not "json"'],
  [
    ["--once", "--format", "prometheusrule"],
    '--format: must be one of prometheus, table, not "prometheusrule"',
  ],
] as const)("%j are rejected", ([argv, problem]) => {
  expect(() => parseFlags(argv)).toThrow(problem);
});

test("flags may stand on both sides of suggest", () => {
  expect(parseFlags(["--config", "a", "suggest", "--cron=@hourly"])).toEqual({
    ...NONE,
    command: "suggest",
    values: { config: "a", cron: "@hourly" },
  });
});
