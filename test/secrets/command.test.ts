import { afterEach, expect, test, vi } from "vitest";

import { toAgentError } from "../../instrumentation/core/error.ts";
import { command } from "../../instrumentation/secrets/command.ts";
import { failureOf } from "../support/core/failure.ts";

const { signal } = new AbortController();

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The command that runs a script with Node.js. */
const node = (script: string): readonly string[] => [process.execPath, "-e", script];

test("a command resolves to its output without leading and trailing white space", async () => {
  const printed = node(`process.stdout.write("\\u00a0 one\\ntwo \\r\\n")`);
  expect((await command.resolve(printed, signal)).revealText()).toBe("one\ntwo");
});

test("arguments are passed unchanged, without a shell", async () => {
  const words = ["a b", "$HOME", "*", ";", "'\"", ""];
  const printed = [...node("console.log(JSON.stringify(process.argv.slice(1)))"), "--", ...words];
  expect(JSON.parse((await command.resolve(printed, signal)).revealText())).toEqual(words);
});

test("a command gets the environment of the process, without restic's passwords", async () => {
  vi.stubEnv("PASSWORD_STORE_DIR", "/srv/store");
  vi.stubEnv("VAULT_TOKEN", "needed by another command");
  for (const name of ["RESTIC_PASSWORD", "RESTIC_PASSWORD_FILE", "RESTIC_PASSWORD_COMMAND"])
    vi.stubEnv(name, "not for commands");
  const expected = Object.keys(process.env).filter((name) => !name.startsWith("RESTIC_PASSWORD"));
  const seen = node("console.log(JSON.stringify(process.env))");
  const variables: unknown = JSON.parse((await command.resolve(seen, signal)).revealText());
  expect(variables).toMatchObject({ PASSWORD_STORE_DIR: "/srv/store" });
  expect(Object.keys(Object(variables)).toSorted()).toEqual(expected.toSorted());
});

test("a command that reads its input gets end-of-file", async () => {
  const waits = node(`process.stdin.on("end", () => console.log("end")).resume()`);
  expect((await command.resolve(waits, signal)).revealText()).toBe("end");
});

test.for([
  ["fails", node("console.error('CANARY'); process.exit(3)"), "PROGRAM exited with 3"],
  ["prints nothing", node(""), "PROGRAM printed nothing"],
  ["prints white space only", node("console.log()"), "PROGRAM printed nothing"],
  ["prints endlessly", ["yes", "CANARY"], "yes printed more than 65536 bytes"],
  [
    "is ended by a signal",
    node("process.kill(process.pid, 'SIGKILL')"),
    "PROGRAM was killed by SIGKILL",
  ],
  ["does not exist", ["/nowhere/pass", "CANARY"], "/nowhere/pass was not found"],
  ["is a folder", ["/", "CANARY"], "/ cannot be run: permission denied"],
] as const)("the error for a command that %s names the program only", async ([, words, reason]) => {
  const resolving = command.resolve(words, signal);
  expect(await failureOf(resolving)).toBe(
    `secret: the command ${reason.replace("PROGRAM", process.execPath)}`,
  );
  // The stack and the cause contain no argument either.
  const error = toAgentError(await resolving.catch((thrown: unknown) => thrown));
  expect(JSON.stringify([error.stack, error.cause])).not.toContain("CANARY");
});

test.for([
  "hunter2SECRET",
  "TOKEN=hunter2SECRET",
  "TOKEN=a/hunter2SECRET",
  "/usr/bin/curl -H X-Token:hunter2SECRET",
  "pass\n/hunter2SECRET",
])("the word %s, which is no program and may be a secret, is not shown", async (word) => {
  expect(await failureOf(command.resolve([word, "x"], signal))).toBe(
    "secret: the command was not found",
  );
});

test("a hanging command ends when the signal is aborted", async () => {
  const controller = new AbortController();
  const resolving = failureOf(
    command.resolve(node("setInterval(() => {}, 1000)"), controller.signal),
  );
  controller.abort();
  expect(await resolving).toMatch(/^secret: the command \S+ was aborted before it ended$/);
});

test.for(["pass x", [], [""], ["a", 5], ["a\0"], {}])("%j is rejected", (reference) => {
  expect(command.check(reference)).toBe("must be a list of a program and its arguments");
});
