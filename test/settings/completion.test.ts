import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { completionScript } from "../../src/completion.ts";
import { FLAGS, SHELLS } from "../../src/settings/flags.ts";
import { requireShells } from "../support/agent/peers.ts";

const ROOT = join(import.meta.dirname, "../..");
const ALL = FLAGS.map((flag) => `--${flag}`).toSorted();

/** Prints the reply of the function for the words of a command line, as bash splits it. */
const BASH = [
  "source ./script",
  'COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))',
  "_restic_otel",
  'printf "%s\\n" "${COMPREPLY[@]}"',
].join("\n");

/** Types a command line and two tabs in an interactive zsh, and prints its terminal until the text `$2` is there. */
const ZSH = String.raw`zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'autoload -U compinit && compinit -u -D && source ./script; bindkey "^I" menu-complete; stty -echo; PS1=; print lo""aded'
zpty -r shell output '*loaded*'
zpty -w -n shell "$1"$'\t'
zpty -r shell output "*$2*"
print -r -- $output`;

async function folderWith(shell: (typeof SHELLS)[number]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "completion-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "script"), completionScript(shell));
  await writeFile(join(folder, "my config.yaml"), "");
  return folder;
}

function run(cwd: string, program: string, args: readonly string[]): string {
  const env = { PATH: process.env["PATH"], HOME: cwd, TERM: "dumb" };
  const { stdout, stderr } = spawnSync(program, args, {
    cwd,
    env,
    encoding: "utf8",
    timeout: 60_000,
  });
  expect(stderr).toBe("");
  return stdout;
}

test.for(SHELLS)("--completion %s prints the script", (shell) => {
  const args = ["--conditions=source", "src/main.ts", `--completion=${shell}`];
  expect(run(ROOT, process.execPath, args)).toBe(completionScript(shell));
});

test.for([
  [["--"], ALL],
  [
    ["--once", "--log"],
    ["--log-format", "--log-level"],
  ],
  [
    ["--log-level", ""],
    ["debug", "error", "info", "warn"],
  ],
  [
    ["--log-level", "=", ""],
    ["debug", "error", "info", "warn"],
  ],
  [["--log-format", "=", "j"], ["json"]],
  [
    ["--completion", ""],
    ["bash", "fish", "zsh"],
  ],
  [["--config", "my"], ["my config.yaml"]],
  [
    ["--config", "="],
    ["my config.yaml", "script"],
  ],
  [["--cron", ""], []],
  [["--web.enable-lifecycle", "--onc"], ["--once"]],
  [["config"], []],
  [["sug"], ["suggest"]],
  [["ru"], ["rules"]],
  [["rules", "--runbook-url", ""], []],
  [["suggest", "--onc"], ["--once"]],
] as const)("bash completes %j", async ([words, expected]) => {
  const folder = await folderWith("bash");
  const output = run(folder, "bash", ["--norc", "-c", BASH, "bash", "restic-otel", ...words]);
  expect(output.split("\n").filter(Boolean).toSorted()).toEqual(expected);
});

describe.skipIf(!requireShells())("other shells", () => {
  test.for([
    ["--", ALL],
    ["--once --log", ["--log-format", "--log-level"]],
    ["--log-level ", ["debug", "error", "info", "warn"]],
    ["--log-format=j", ["--log-format=json"]],
    ["--config my", ["my config.yaml"]],
    ["--cron ", []],
    ["sug", ["suggest"]],
    ["suggest --onc", ["--once"]],
  ] as const)("fish completes %j", async ([line, expected]) => {
    const folder = await folderWith("fish");
    const program = `source ./script; complete -C "restic-otel ${line}"`;
    const output = run(folder, "fish", ["--no-config", "-c", program]);
    const words = output.split("\n").map((row) => row.split("\t")[0] ?? "");
    expect(words.filter(Boolean).toSorted()).toEqual(expected);
  });

  test.for([
    ["--onc", "--once"],
    ["sug", "suggest"],
    ["suggest --onc", "--once"],
    ["--web.tele", "--web.telemetry-path="],
    ["--log-level d", "debug"],
    ["--log-format=j", "--log-format=json"],
    ["--completion f", "fish"],
    ["--config my", String.raw`my\\ config.yaml`],
  ] as const)("zsh completes %j", async ([line, expected]) => {
    const folder = await folderWith("zsh");
    const output = run(folder, "zsh", ["-f", "-c", ZSH, "zsh", `restic-otel ${line}`, expected]);
    expect(output).toContain(expected.replace("\\\\", "\\"));
  });
});
