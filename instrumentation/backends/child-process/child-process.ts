import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import type { Secret } from "../../core/secret.ts";
import type { BackendContext } from "../context.ts";
import { shellWords } from "./shell-words.ts";

/** How a program ended. */
export interface ChildExit {
  /** false: the program could not be started. */
  readonly started: boolean;
  /** `exited with 255`, `was killed by SIGKILL`, `was not found`, `is not executable`. */
  readonly how: string;
}

/** A running program and its pipes. */
export interface Child {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when the program has ended and its standard error is read. */
  readonly exited: Promise<ChildExit>;
  /** The end of its standard error, without secrets. */
  stderr(): string;
  /** Closes the pipes and waits for the program to end; after 5 s, kills its process group. */
  readonly end: () => Promise<void>;
  readonly kill: () => void;
}

interface ChildOptions {
  readonly command: readonly [string, ...string[]];
  /** Variables over those of the process. */
  readonly environment: Readonly<Record<string, Secret>>;
  readonly processEnvironment: Readonly<Record<string, string | undefined>>;
  /** Variables that are set in neither of the two. */
  readonly defaults: Readonly<Record<string, string>>;
  /** Replaces secrets in what the program prints. */
  readonly redact: (text: string) => string;
  readonly clock: Clock;
}

/** restic's timeout. */
const GRACE_MS = 5000;
/** A child of the program may keep its standard error open. */
const LAST_WORDS_MS = 500;
const MAX_STDERR = 4096;

/**
 * Starts a program in its own session: it has no terminal for questions, and signals to the agent do not reach it. If the agent is
 * killed, the program ends too, since its standard input is closed.
 * @throws TypeError from spawn, for invalid arguments
 */
export function startChild(options: ChildOptions): Child {
  const { command, defaults, redact, clock } = options;
  const [program, ...args] = command;
  const child = spawn(program, args, {
    detached: true,
    env: { ...defaults, ...childEnvironment(options) },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // The exit of the program reports a broken pipe.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on("error", () => {});

  let stderr = "";
  /** The rest of a secret that was cut off could not be recognized: only whole lines are shown. */
  let isCut = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    isCut ||= stderr.length > MAX_STDERR;
    stderr = stderr.slice(-MAX_STDERR);
    const end = isCut ? stderr.search(/[\r\n]/) : -1;
    if (end < 0) return;
    stderr = stderr.slice(end + 1);
    isCut = false;
  });

  const gone = new AbortController();
  const { promise: exited, resolve } = Promise.withResolvers<ChildExit>();
  child.once("error", (error) => {
    gone.abort();
    resolve({ started: false, how: reasonOf(error) });
  });
  child.once("exit", (code, signal) => {
    gone.abort();
    const how = code === null ? `was killed by ${signal}` : `exited with ${code}`;
    const settle = (): void => resolve({ started: true, how });
    const closed = new AbortController();
    child.once("close", () => closed.abort());
    clock.sleep(LAST_WORDS_MS, closed.signal).then(settle, settle);
  });

  function kill(): void {
    if (gone.signal.aborted || child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      child.kill("SIGKILL");
    }
  }

  return {
    stdin: child.stdin,
    stdout: child.stdout,
    exited,
    kill,
    stderr: () => (isCut ? "" : redact(stderr)),
    async end() {
      child.stdin.end();
      child.stdout.destroy();
      clock.sleep(GRACE_MS, gone.signal).then(kill, () => {});
      await exited;
    },
  };
}

/** Without restic's passwords: ssh and rclone do not need them. */
function childEnvironment({ environment, processEnvironment }: ChildOptions): NodeJS.ProcessEnv {
  const own = Object.entries(environment).map(([name, secret]) => [name, secret.revealText()]);
  const all: NodeJS.ProcessEnv = { ...processEnvironment, ...Object.fromEntries(own) };
  const kept = Object.entries(all).filter(([name]) => !/^RESTIC_(FROM_)?PASSWORD/.test(name));
  return Object.fromEntries(kept);
}

/** The program of a message; empty if it may be a variable with its value, as in `PASSWORD=x ssh`. */
export function programShown(program: string): string {
  return program.includes("=") ? "" : ` ${program}`;
}

function reasonOf(error: Error): string {
  const code = "code" in error ? String(error.code) : error.message;
  if (code === "ENOENT") return "was not found";
  if (code === "EACCES") return "is not executable";
  return `could not be started (${code})`;
}

/** The last line that is not blank, shortened and without control characters; empty: there is none. */
export function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => printable(line));
  return lines.findLast((line) => line !== "") ?? "";
}

const MAX_SHOWN = 300;

/** Foreign text, shortened and without control characters. */
export function printable(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, MAX_SHOWN);
}

/** The command in one of restic's `-o` options; undefined: not set. @throws AgentError `config` */
export function commandOption(
  option: string,
  { options }: BackendContext,
): readonly [string, ...string[]] | undefined {
  const command = options[option];
  if (command === undefined || command === "") return undefined;
  return shellWords(
    command,
    (problem) => new AgentError("config", `the option ${option}: ${problem}`),
  );
}
