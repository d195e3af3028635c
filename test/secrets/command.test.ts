import { expect, test } from "vitest";

import { toAgentError } from "../../instrumentation/core/error.ts";
import { command } from "../../instrumentation/secrets/command.ts";
import { failureOf } from "../support/core/failure.ts";

const { signal } = new AbortController();

/** A program that does this. */
const node = (script: string): readonly string[] => [process.execPath, "-e", script];

test("what it prints, white space at both ends removed", async () => {
  const printed = node(`process.stdout.write("\\u00a0 one\\ntwo \\r\\n")`);
  expect((await command.resolve(printed, signal)).revealText()).toBe("one\ntwo");
});

test("arguments are handed on as they are, without a shell", async () => {
  const words = ["a b", "$HOME", "*", ";", "'\"", ""];
  const printed = [...node("console.log(JSON.stringify(process.argv.slice(1)))"), "--", ...words];
  expect(JSON.parse((await command.resolve(printed, signal)).revealText())).toEqual(words);
});

test("nobody is asked: its input is at its end", async () => {
  const waits = node(`process.stdin.on("end", () => console.log("end")).resume()`);
  expect((await command.resolve(waits, signal)).revealText()).toBe("end");
});

test.for([
  ["fails", node("console.error('CANARY'); process.exit(3)"), "PROGRAM ends with 3"],
  ["prints nothing", node(""), "PROGRAM prints nothing"],
  ["prints white space", node("console.log()"), "PROGRAM prints nothing"],
  ["prints without end", ["yes", "CANARY"], "yes prints more than 65536 bytes"],
  [
    "is ended by a signal",
    node("process.kill(process.pid, 'SIGKILL')"),
    "PROGRAM is ended by SIGKILL",
  ],
  ["is not there", ["/nowhere/pass", "CANARY"], "/nowhere/pass is not there"],
  ["is no program", ["/", "CANARY"], "/ may not be run"],
] as const)("one that %s", async ([, words, reason]) => {
  const resolving = command.resolve(words, signal);
  expect(await failureOf(resolving)).toBe(
    `secret: the command ${reason.replace("PROGRAM", process.execPath)}`,
  );
  // Not even in what only a debugger shows.
  const error = toAgentError(await resolving.catch((thrown: unknown) => thrown));
  expect(JSON.stringify([error.stack, error.cause])).not.toContain("CANARY");
});

test("one that hangs ends with the collection", async () => {
  const controller = new AbortController();
  const resolving = failureOf(
    command.resolve(node("setInterval(() => {}, 1000)"), controller.signal),
  );
  controller.abort();
  expect(await resolving).toMatch(/^secret: the command \S+ was not waited for any longer$/);
});

test.for(["pass x", [], [""], ["a", 5], ["a\0"], {}])("%j is no command", (reference) => {
  expect(command.check(reference)).toBe("must be a list of program and arguments");
});
