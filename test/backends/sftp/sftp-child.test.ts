import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { openChildAt } from "../../support/backends/child-backend.ts";
import { FakeSftp, REPO, filesOf } from "../../support/backends/fake-sftp-backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";

const { signal } = new AbortController();

let fake: FakeSftp;

beforeEach(async () => {
  fake = await FakeSftp.start();
});

afterEach(() => fake.close());

describe("the connection", () => {
  beforeEach(() => fake.write(filesOf("a", "b")));

  test("is shared by all calls, until it is closed or idle", async () => {
    const clock = new FakeClock();
    const backend = fake.open("", {}, clock);
    await backend.list("keys", undefined, signal);
    await Promise.all(["a", "b"].map((name) => backend.load("keys", name, signal)));
    await clock.advance(29_000);
    await backend.load("keys", "a", signal);
    expect(await fake.starts()).toBe(1);
    await backend.close?.();
    await backend.close?.();
    await backend.load("keys", "a", signal);
    expect(await fake.starts()).toBe(2);
    await clock.advance(30_000);
    await backend.load("keys", "a", signal);
    expect(await fake.starts()).toBe(3);
  });

  test("sends only the needed requests", async () => {
    const backend = fake.open("", {});
    await backend.load("keys", "a", signal);
    await backend.list("keys", undefined, signal);
    const lines = await fake.logged("READDIR");
    expect(lines.slice(0, 6)).toEqual(["start", "OPEN", "FSTAT", "READ", "CLOSE", "OPENDIR"]);
  });

  test("kills a program that does not end within 5 s", async () => {
    const clock = new FakeClock();
    const FAKE_ENVIRONMENT = join(fake.folder, "environment");
    const backend = fake.open("stays", { FAKE_ENVIRONMENT }, clock);
    await backend.load("keys", "a", signal);
    const closed = backend.close?.();
    await fake.logged("stays");
    await clock.advance(5000);
    await closed;
    expect(clock.sleeping).toBe(0);
  });

  test("stays open when a call is aborted", async () => {
    const backend = fake.open("", {});
    const abort = new AbortController();
    const load = backend.load("keys", "a", abort.signal);
    abort.abort(new Error("enough"));
    await expect(load).rejects.toThrow("enough");
    await backend.load("keys", "b", signal);
    expect(await fake.starts()).toBe(1);
  });
});

describe("a message of ssh", () => {
  test.for([
    [
      "No ED25519 host key is known for host and you have requested strict checking.\r\nHost key verification failed.\r\n",
      "unreachable",
      `${REPO}: the host key is unknown: connect once by hand as the user of this program, or add the key to known_hosts (ssh-keyscan, and compare the fingerprint)`,
      "Host key verification failed.",
    ],
    [
      "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n",
      "unreachable",
      `${REPO}: the host key has changed: if that is intended, remove the old key (ssh-keygen -R) and add the new one to known_hosts`,
      "Host key verification failed.",
    ],
    [
      "Welcome\nuser@host: Permission denied (publickey).\n\n",
      "denied",
      `${REPO}: the server accepts no key: add a key to its authorized_keys that ssh can use without a passphrase (IdentityFile in ssh_config, or an agent)`,
      "user@host: Permission denied (publickey).",
    ],
    [
      "subsystem request failed on channel 0\n",
      "config",
      `${REPO}: the server does not support SFTP`,
      "subsystem request failed on channel 0",
    ],
    [
      "ssh: Could not resolve hostname host: Name or service not known\n",
      "transient unreachable",
      `${REPO} is unreachable`,
      "ssh: Could not resolve hostname host: Name or service not known",
    ],
  ] as const)("is explained: %s", async ([said, code, message, last]) => {
    const FAKE_STDERR = join(fake.folder, "stderr");
    await writeFile(FAKE_STDERR, said);
    const failure = await failureOf(fake.open("", { FAKE_STDERR }).load("config", "", signal));
    const separator = code === "transient unreachable" ? ": " : "; ";
    expect(failure).toBe(
      `${code}: ${message}${separator}${process.execPath} exited with 255: "${last}"`,
    );
  });

  test("is shortened and without secrets", async () => {
    const FAKE_STDERR = join(fake.folder, "stderr");
    await writeFile(FAKE_STDERR, `\u001B[1mvery secret\u0007 ${"x".repeat(3000)}\n`);
    const environment = { FAKE_STDERR, SOME_TOKEN: "very secret" };
    const failure = await failureOf(fake.open("", environment).load("config", "", signal));
    expect(failure.length).toBeLessThan(600);
    expect(failure).not.toContain("very secret");
    expect(failure).toContain("[redacted]");
    expect(failure).not.toMatch(/\p{Cc}/u);
  });
});

test("the rest of a line that was cut off is not shown: it may be a part of a secret", async () => {
  const FAKE_STDERR = join(fake.folder, "stderr");
  const environment = { FAKE_STDERR, SOME_TOKEN: "very secret" };
  for (const [printed, shown] of [
    ["very secret ".repeat(400), ""],
    [`${"very secret ".repeat(400)}\nend\n`, ': "end"'],
  ] as const) {
    await writeFile(FAKE_STDERR, printed);
    expect(await failureOf(fake.open("", environment).load("config", "", signal))).toBe(
      `transient unreachable: ${REPO}: the connection ended: ${process.execPath} exited with 255${shown}`,
    );
  }
});

describe("the program", () => {
  test.for([
    ["/not/there -s sftp", "the program /not/there was not found"],
    ["SSHPASS=hunter2SECRET sshpass -e ssh", "the program was not found"],
    ["/etc -s sftp", "the program /etc is not executable"],
  ] as const)("%s cannot be started", async ([command, problem]) => {
    const backend = openChildAt(REPO, { options: { "sftp.command": command } });
    expect(await failureOf(backend.load("config", "", signal))).toBe(
      `config: ${REPO}: ${problem}: install OpenSSH's client, or name another program in the option sftp.command`,
    );
  });

  test("gets the environment of the process and of the repository, without restic's passwords", async () => {
    await fake.write(filesOf("a"));
    const FAKE_ENVIRONMENT = join(fake.folder, "environment");
    process.env["RESTIC_PASSWORD_FILE"] = "/secret";
    try {
      const environment = { FAKE_ENVIRONMENT, RESTIC_PASSWORD: "secret", SSH_AUTH_SOCK: "/agent" };
      await fake.open("", environment).load("keys", "a", signal);
    } finally {
      delete process.env["RESTIC_PASSWORD_FILE"];
    }
    const seen: unknown = JSON.parse(await readFile(FAKE_ENVIRONMENT, "utf8"));
    expect(seen).toMatchObject({
      PATH: process.env["PATH"],
      SSH_AUTH_SOCK: "/agent",
      SSH_ASKPASS_REQUIRE: "never",
    });
    expect(Object.keys(Object(seen)).filter((name) => name.includes("PASSWORD"))).toEqual([]);
  });

  /** The arguments of a program that replaces ssh on PATH. */
  async function argumentsOf(
    repo: string,
    options: Readonly<Record<string, string>> = {},
    environment: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const program = join(fake.folder, "ssh");
    await writeFile(program, `#!/bin/sh\necho "$*" >&2\nexit 255\n`, { mode: 0o755 });
    const backend = openChildAt(repo, {
      options,
      environment: { ...environment, PATH: fake.folder },
    });
    const failure = await failureOf(backend.load("config", "", signal));
    return /: "(.*)"$/.exec(failure)?.[1] ?? failure;
  }

  test("gets restic's arguments, without prompts", async () => {
    expect(await argumentsOf("sftp:host:path")).toBe("-oBatchMode=yes host -s sftp");
    expect(await argumentsOf("sftp:me@realm@host:path")).toBe(
      "-oBatchMode=yes host -l me@realm -s sftp",
    );
    const options = { "sftp.args": "-i '/my key' -v" };
    expect(await argumentsOf("sftp://me@[::1]:22/path", options)).toBe(
      "-oBatchMode=yes ::1 -p 22 -l me -i /my key -v -s sftp",
    );
  });

  test.for([
    [
      { "sftp.command": "ssh x", "sftp.args": "-4" },
      "set only one of the options sftp.command and sftp.args",
    ],
    [{ "sftp.args": "-i 'x" }, "the option sftp.args: a quote ' is not closed"],
    [{ "sftp.command": " " }, "the option sftp.command: the command is empty"],
  ] as const)("%o is rejected", ([options, problem]) => {
    expect(() => openChildAt(REPO, { options })).toThrow(problem);
  });
});
