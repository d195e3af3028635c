import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

import type { Clock } from "../../core/clock.ts";
import type { AgentError } from "../../core/error.ts";
import type { Secret } from "../../core/secret.ts";
import type { BackendContext } from "../context.ts";
import { shellWords } from "./shell-words.ts";

/** How a program ended. */
export interface ChildExit {
  /** False if it never began. */
  readonly started: boolean;
  /** `ends with 255`, `is ended by SIGKILL`, `is not there`, `may not be run`. */
  readonly how: string;
}

/** A program that is talked to over its pipes. */
export interface Child {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Settles when it is gone and what it said is read. */
  readonly exited: Promise<ChildExit>;
  /** The end of what it wrote to its standard error, without secrets. */
  stderr(): string;
  /** Closes its pipes and waits until it is gone; after 5 s it is killed, with what it has started. */
  readonly end: () => Promise<void>;
  readonly kill: () => void;
}

interface ChildOptions {
  readonly command: readonly [string, ...string[]];
  /** Laid over that of the process; its values are secrets. */
  readonly environment: Readonly<Record<string, Secret>>;
  readonly processEnvironment: Readonly<Record<string, string | undefined>>;
  /** Set unless one of the two has it. */
  readonly defaults: Readonly<Record<string, string>>;
  /** What must not be shown, with what is shown instead. */
  readonly hidden?: ReadonlyMap<string, string>;
  readonly clock: Clock;
}

/** As long as restic waits. */
const GRACE_MS = 5000;
/** Something that the program has started may keep its standard error open. */
const LAST_WORDS_MS = 500;
const MAX_STDERR = 4096;

/**
 * Starts a program in a session of its own: it has no terminal to ask anybody on, and signals to the agent do not reach it.
 * It outlives the agent not even when that is killed, for its standard input ends then.
 * @throws what spawn throws, for arguments that no program can be given
 */
export function startChild(options: ChildOptions): Child {
  const { command, environment, defaults, hidden, clock } = options;
  const [program, ...args] = command;
  const child = spawn(program, args, {
    detached: true,
    env: { ...defaults, ...childEnvironment(options) },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A broken pipe shows as the end of the program.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on("error", () => {});

  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR);
  });

  const gone = new AbortController();
  const { promise: exited, resolve } = Promise.withResolvers<ChildExit>();
  child.once("error", (error) => {
    gone.abort();
    resolve({ started: false, how: reasonOf(error) });
  });
  child.once("exit", (code, signal) => {
    gone.abort();
    const how = code === null ? `is ended by ${signal}` : `ends with ${code}`;
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
    stderr: () => redacted(stderr, environment, hidden),
    async end() {
      child.stdin.end();
      child.stdout.destroy();
      clock.sleep(GRACE_MS, gone.signal).then(kill, () => {});
      await exited;
    },
  };
}

/** A password of restic is no business of a program that carries files. */
function childEnvironment({ environment, processEnvironment }: ChildOptions): NodeJS.ProcessEnv {
  const own = Object.entries(environment).map(([name, secret]) => [name, secret.revealText()]);
  const all: NodeJS.ProcessEnv = { ...processEnvironment, ...Object.fromEntries(own) };
  const kept = Object.entries(all).filter(([name]) => !/^RESTIC_(FROM_)?PASSWORD/.test(name));
  return Object.fromEntries(kept);
}

/** Shorter ones are words that stand in any text. */
const MIN_SECRET = 8;

function redacted(
  text: string,
  environment: ChildOptions["environment"],
  hidden: ChildOptions["hidden"] = new Map(),
): string {
  let clean = text;
  for (const [word, shown] of hidden) clean = clean.replaceAll(word, shown);
  for (const secret of Object.values(environment)) {
    const value = secret.revealText();
    if (value.length >= MIN_SECRET) clean = clean.replaceAll(value, "[redacted]");
  }
  return clean;
}

function reasonOf(error: Error): string {
  const code = "code" in error ? String(error.code) : error.message;
  if (code === "ENOENT") return "is not there";
  if (code === "EACCES") return "may not be run";
  return `cannot be started (${code})`;
}

/** The last line that says something, short and without control characters; empty if there is none. */
export function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => printable(line));
  return lines.findLast((line) => line !== "") ?? "";
}

const MAX_SHOWN = 300;

/** Text of others, fit for one line of a log. */
export function printable(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, MAX_SHOWN);
}

/**
 * A command in one of restic's `-o` options; undefined if it is not set.
 * @param invalid makes the error for a problem
 */
export function commandOption(
  option: string,
  { options }: BackendContext,
  invalid: (problem: string) => AgentError,
): readonly [string, ...string[]] | undefined {
  const command = options[option];
  if (command === undefined || command === "") return undefined;
  return shellWords(command, (problem) => invalid(`the option ${option}: ${problem}`));
}
