import { access, chmod, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";

import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import { checkoutCopy } from "../support/agent/checkout-copy.ts";
import { NODE } from "../support/agent/installed.ts";
import { output, ROOT } from "../support/agent/packed.ts";
import { freePort } from "../support/core/free-port.ts";
import { startServer } from "../support/http/server.ts";

const README = await readFile(join(ROOT, "README.md"), "utf8");

/** The commands of the text, in order: the lines of its shell blocks, then those within sentences. */
function commandsOf(text: string): readonly string[] {
  const lines = [...text.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, code = ""]) =>
    code.split("\n"),
  );
  const spans = [...text.replaceAll(/```[^]*?```/g, "").matchAll(/`([^`\n]+)`/g)]
    .map(([, code = ""]) => code)
    .filter((code) =>
      /^(?:npm|npx|node|curl|restic-otel|docker|kubectl|helm|systemctl) /.test(code),
    );
  return [...lines, ...spans].map((line) => line.replace(/\s+# .*$/, "")).filter(Boolean);
}

const [, CONFIG = ""] = /```yaml\n(cron: [^]*?)```/.exec(README) ?? [];
const COMMANDS = commandsOf(README);
const SET_UP = /^npm ci && /;
const OF_OTHER_PROGRAMS = /^(?:docker|kubectl|helm|systemctl) /;
const EXPORT = /^export /;
/** The agent runs until a signal. */
const AGENT = /^npm start(?! .*(?: suggest$|--(?:once|check-config|version|help)))/;

let checkout = "";
let env: NodeJS.ProcessEnv = {};

/** The text with the repositories, files and secrets of the samples in place of the reader's own. */
function withSamples(text: string): string {
  const own = [
    ["rest:https://backups.example.com/web", "examples/repositories/web"],
    ["/etc/restic/web.password", "web.password"],
    ["s3:s3.eu-central-1.amazonaws.com/backups/database", "examples/repositories/database"],
    ["/etc/restic/aws.key", "aws.key"],
  ] as const;
  return own.reduce((result, [from, to]) => result.replaceAll(from, join(checkout, to)), text);
}

beforeAll(async () => {
  checkout = await checkoutCopy();
  await writeFile(join(checkout, "web.password"), "web-password\n");
  await writeFile(join(checkout, "aws.key"), "key\n");
  await writeFile(
    join(checkout, "pass"),
    "#!/bin/sh\n[ \"$*\" = 'show restic/database' ] && echo database-password\n",
  );
  await chmod(join(checkout, "pass"), 0o755);
  await writeFile(join(checkout, "config.yaml"), withSamples(CONFIG));
  const exports = COMMANDS.filter((command) => EXPORT.test(command)).join(" ");
  env = {
    ...process.env,
    PATH: [checkout, join(checkout, "bin"), dirname(NODE), process.env["PATH"]].join(delimiter),
    npm_config_prefix: checkout,
    npm_config_prefer_offline: "true",
    npm_config_audit: "false",
    ...Object.fromEntries(
      [...withSamples(exports).matchAll(/(RESTIC_\w+)=(\S+)/g)].map(([, name, value]) => [
        name,
        value,
      ]),
    ),
  };
});
afterAll(() => rm(checkout, { recursive: true }));

const TO_RUN = COMMANDS.filter(
  (command) => ![SET_UP, OF_OTHER_PROGRAMS, EXPORT, AGENT].some((one) => one.test(command)),
);

/** The output of a command. */
function printedBy(command: string): RegExp {
  if (command.includes("--once")) return /^1 of 1 repository fine, \d+ of \d+ backup sets ok$/m;
  if (command.endsWith(" suggest")) return /^expect:$/m;
  if (command.endsWith(" rules")) return /^ +- alert: Backup\w+$/m;
  if (command.includes("--check-config")) return /^ok: 2 repositories, 0 disabled/m;
  return /^added \d+ packages/m;
}

test.for(TO_RUN)("%s", async (command) => {
  expect(await output("bash", ["-c", command], checkout, env)).toMatch(printedBy(command));
});

test("restic-otel is installed then", async () => {
  expect(await output("restic-otel", ["--version"], checkout, env)).toMatch(/^restic-otel \d/);
});

test.for(COMMANDS.filter((command) => AGENT.test(command)))("%s", async (command) => {
  const agent = await startServer({
    command: "bash",
    args: ["-c", `exec ${command}`],
    announces: /msg=listening address=(\S+)/,
    url: (address) => `http://${address}`,
    ready: async (url) => (await fetch(`${url}/-/ready`)).ok,
    env: { ...env, RESTIC_OTEL_BIND: `127.0.0.1:${await freePort()}` },
    cwd: checkout,
  });
  onTestFinished(() => agent.stop());
  const metrics = await (await fetch(`${agent.url}/metrics`)).text();
  expect(metrics).toMatch(/^backup_repository_up\{.*\} 1$/m);
  expect(metrics).not.toMatch(/^backup_repository_up\{.*\} 0$/m);
});

test("the settings file has at most ten lines", () => {
  expect(CONFIG.trim().split("\n").length).toBeLessThanOrEqual(10);
});

test(".ci/run runs the set-up lines in an empty clone", async () => {
  const ci = await readFile(join(ROOT, ".ci/run"), "utf8");
  const [, pattern = ""] = /sed -n 's\/\^\\\((.*)\\\)  \*#\.\*\/\\1\/p' README\.md/.exec(ci) ?? [];
  const found = README.split("\n").flatMap(
    (line) => new RegExp(`^(${pattern})  *#`).exec(line)?.[1] ?? [],
  );
  expect(found).toEqual(COMMANDS.filter((command) => SET_UP.test(command)));
  expect(found).toEqual(["npm ci && npm run demo", "npm ci && npm test"]);
});

test("the commands of docker, kubectl and systemctl name what is there", async () => {
  const files = COMMANDS.filter((command) => OF_OTHER_PROGRAMS.test(command)).map((command) => {
    const [program = ""] = command.split(" ");
    const unit = `examples/systemd/${/ (\S+)$/.exec(command)?.[1] ?? ""}.service`;
    const paths: Readonly<Record<string, string | undefined>> = {
      docker: /^docker build .* \.$/.test(command) ? "Dockerfile" : undefined,
      kubectl: /-f (\S+)/.exec(command)?.[1],
      systemctl: unit,
    };
    return paths[program] ?? `unknown: ${command}`;
  });
  expect(files).toEqual([
    "Dockerfile",
    "examples/kubernetes/restic-otel.yaml",
    "examples/systemd/restic-otel.service",
  ]);
  for (const file of files) await access(join(ROOT, file));
  expect(await readFile(join(ROOT, files[2] ?? ""), "utf8")).toContain("\n[Install]\nWantedBy=");
});
