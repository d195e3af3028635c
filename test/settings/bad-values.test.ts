import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { parseFlags } from "../../src/settings/flags.ts";
import { loadSettings } from "../../src/settings/load.ts";
import { settingNames } from "../../src/settings/schema.ts";
import { errorOf } from "../support/agent/settings-file.ts";

/** Without the explanation of what is valid. */
async function problem(content: string, args: readonly string[] = []): Promise<string> {
  return (await errorOf(content, { args })).replace(
    /(must be|valid examples|use a name).*$/s,
    "$1",
  );
}

test.for([
  [["--bind", "localhost"], '--bind: "localhost": must be'],
  [["--bind", ":1,localhost,:2"], '--bind: "localhost": must be'],
  [["--bind", ":65536"], '--bind: ":65536": the port is out of range: the maximum is 65535'],
  [["--log-level", "loud"], '--log-level: "loud": must be'],
  [["--log-format=xml"], '--log-format: "xml": must be'],
  [["--timeout", "5"], '--timeout: "5": must be'],
  [["--retry-failed=maybe"], '--retry-failed: "maybe": must be'],
  [["--timezone", "Mars"], '--timezone: unknown time zone "Mars": use a name'],
  [
    ["--cron", "@weakly"],
    "--cron: invalid cron '@weakly': invalid configuration format, exactly five, six, or seven space separated parts are required.; valid examples",
  ],
  [
    ["--cron", "@every 5"],
    "--cron: invalid cron '@every 5': '5' is not a duration like 1h30m; valid examples",
  ],
] as const)("the message for %j repeats the bad value once", async ([args, message]) => {
  expect(await problem("[]", args)).toBe(message);
});

test("a file's bad value is repeated", async () => {
  expect(await problem("repositories: []\nlogLevel: loud\n")).toBe(
    'FILE:2:1: logLevel: "loud": must be',
  );
  expect(await problem("repositories: []\nconcurrency: 0\n")).toBe(
    "FILE:2:1: concurrency: 0: must be",
  );
  expect(await problem("repositories: []\nbind: [':1', localhost]\n")).toBe(
    'FILE:2:1: bind: "localhost": must be',
  );
});

test("a bad value with a login, and one that is long, is not repeated", async () => {
  for (const value of ["http://u:CANARY@h:1", "CANARY".repeat(20)])
    expect(await problem("[]", ["--bind", value])).toBe("--bind: must be");
});

test.for([
  "http://u:CANARY@h/",
  "@every u:CANARY@h",
  "CRON_TZ=http://u:CANARY@h 0 0 * * *",
  String.raw`0 0 * *\nlevel=error CANARY`,
  String.raw`\u001b[31mCANARY * * * *`,
  "CANARY ".repeat(20),
])("a bad cron rule and time zone %j is not repeated", async (value) => {
  for (const key of ["cron", "timezone"]) {
    const message = await errorOf(`repositories: []\n${key}: "${value}"\n`);
    expect(message).toMatch(
      /^FILE:2:1: (?:cron: invalid cron; |timezone: unknown time zone name: )/,
    );
    expect(message).not.toMatch(/CANARY|\n/);
  }
});

test("a repository is named by its URL beside its index", async () => {
  const content = `repositories:
  - { repo: "rest:http://me:CANARY@h/r?CANARY", password: x, passwort: y }
  - { repo: /srv/r }
  - { repo: "ftp://u:CANARY@h/", password: x, passwort: y }
`;
  const lines = (await errorOf(content)).split("\n");
  expect(lines.map((line) => line.replace(/; .*|, did.*/, ""))).toEqual([
    "FILE:2:62: repositories[0] (rest:http://h/r).passwort: unknown key",
    expect.stringMatching(/^FILE:3:\d+: repositories\[1\] \(\/srv\/r\): password is missing: /),
    "FILE:4:47: repositories[2].passwort: unknown key",
    expect.stringMatching(/^FILE:4:\d+: repositories\[2\]\.repo: repository: unknown scheme/),
  ]);
});

test.for(["\ufeff[]", "[]  "])("a settings file in UTF-16 is named as such", async (content) => {
  const folder = await mkdtemp(join(tmpdir(), "utf-16-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "config.json");
  await writeFile(file, Buffer.from(content, "utf16le"));
  const flags = parseFlags(["--config", file]);
  await expect(loadSettings({ flags, env: {} })).rejects.toThrow(
    `${file}: is in UTF-16: save it as UTF-8`,
  );
});

test.for([
  ["Latin-1", Buffer.from("- {repo: /r, password: p\u00e4ss}", "latin1")],
  ["UTF-32", Buffer.from([0, 0, 0xfe, 0xff, 0, 0, 0, 0x5b, 0, 0, 0, 0x5d])],
  ["UTF-16 without a mark", Buffer.from("# p\u00e4ss\u2014\n[]", "utf16le")],
] as const)("a settings file in %s is not taken for UTF-8", async ([, content]) => {
  const folder = await mkdtemp(join(tmpdir(), "not-utf-8-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "config.json");
  await writeFile(file, content);
  const flags = parseFlags(["--config", file]);
  await expect(loadSettings({ flags, env: {} })).rejects.toThrow(`${file}: is not UTF-8`);
});

test.for(["!CANARY", "!CANARY x", "!!CANARY x", "!<CANARY> x"])(
  "a password %s without quotes is refused: YAML takes its first word for a type",
  async (password) => {
    expect(await errorOf(`- repo: /r\n  password: ${password}\n`)).toBe(
      "FILE:2:13: a value that begins with !, *, @, & or % must be put in quotes",
    );
  },
);

test("a repository string in place of the settings file is not repeated", async () => {
  const flags = parseFlags(["--config", "rest:http://u:CANARY@h/"]);
  await expect(loadSettings({ flags, env: {} })).rejects.toThrow(/^--config: file not found: /);
});

test.for(["u:CANARY@h", "CANARY\n", "CANARY".repeat(20)])(
  "a bad format %j is not repeated",
  (value) => {
    expect(() => parseFlags(["--once", "--format", value])).toThrow(
      /^--format: must be one of prometheus, table; restic-otel --help/,
    );
  },
);

test("every setting has a flag of its name", () => {
  for (const name of settingNames()) {
    const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    expect(parseFlags([`--${flag}=x`]).values).toEqual({ [name]: "x" });
  }
});
