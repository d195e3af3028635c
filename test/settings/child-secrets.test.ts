import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import { settingsOf } from "../support/agent/settings-file.ts";
import { FakeClock } from "../support/core/clock.ts";

/** Variables of the process that are secrets of the agent, by the reason. */
const OWN = {
  RESTIC_PASSWORD: "canary-restic",
  RESTIC_PASSWORD_FILE: "/canary/file",
  RESTIC_PASSWORD_COMMAND: "canary-command",
  VAULT_TOKEN: "canary-vault-token",
  VAULT_SECRET_ID: "canary-vault-secret-id",
  OTEL_EXPORTER_OTLP_HEADERS: "api-key=canary-otlp",
  OTEL_EXPORTER_OTLP_METRICS_HEADERS: "api-key=canary-otlp-metrics",
  WEB_PW: "canary-password",
  OTHER_PW: "canary-other-password",
  OTHER_STORAGE: "canary-storage",
  DISABLED_PW: "canary-disabled",
  APPROLE: "canary-approle",
  OTLP_KEY: "canary-otlp-key",
  REMOTE_KEY: "canary-remote-key",
};

/** Variables that a child process needs. */
const NEEDED = {
  RCLONE_CONFIG: "/etc/rclone.conf",
  AWS_PROFILE: "backup",
  SSH_AUTH_SOCK: "/run/agent.sock",
  VAULT_ADDR: "http://127.0.0.1:1",
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
};

/** Secrets that are in no variable. */
const LITERALS = [
  "canary literal",
  "canary@url",
  "canary-b2-key",
  "canary-otlp-header",
  "canary-role",
  "canary-sshpass",
  "canary-rclone-pass",
];

const base64 = (text: string): string => Buffer.from(text).toString("base64");

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "child-"));
  for (const [name, value] of Object.entries({ ...OWN, ...NEEDED })) vi.stubEnv(name, value);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Settings with a repository whose program prints a file and fails, and with many other secrets. */
function settingsWith(repo: string, options: Readonly<Record<string, string>>): unknown {
  const child = { repo, password: { env: "WEB_PW" }, options };
  const environment = {
    REMOTE_KEY: { env: "REMOTE_KEY" },
    PRINTED: join(folder, "printed"),
    SEEN: join(folder, "seen"),
  };
  return {
    repositories: [
      { ...child, environment },
      {
        repo: "/nowhere",
        options: {
          "sftp.command": "sshpass -p canary-sshpass ssh host -s sftp",
          "rclone.args": "serve restic --stdio --sftp-pass='canary-rclone-pass' --b2-hard-delete",
        },
        password: { env: "OTHER_PW" },
        environment: { X: { env: "OTHER_STORAGE" } },
      },
      { repo: "/nowhere/else", password: "canary literal", b2_key: "canary-b2-key" },
      { repo: "rest:http://u:canary%40url@h/", password: { env: "DISABLED_PW" }, disabled: true },
    ],
    otlp: [
      {
        endpoint: "http://127.0.0.1:1",
        headers: { "api-key": { env: "OTLP_KEY" }, authorization: "Bearer canary-otlp-header" },
      },
    ],
    vault: {
      address: "http://127.0.0.1:1",
      auth: { method: "approle", roleId: "canary-role", secretId: { env: "APPROLE" } },
    },
  };
}

/** The message of the repository's failure when its program prints this. */
async function failureWith(
  repo: string,
  option: "rclone.program" | "sftp.command",
  printed: string,
): Promise<string> {
  const program = join(folder, "program");
  const script = `#!/bin/sh\nenv > "$SEEN"\ncat "$PRINTED" >&2\nexit 1\n`;
  await writeFile(program, script, { mode: 0o755 });
  await writeFile(join(folder, "printed"), printed);
  const content = JSON.stringify(settingsWith(repo, { [option]: program }));
  const settings = await settingsOf(content, { env: { VAULT_TOKEN: OWN.VAULT_TOKEN } });
  const monitor = new Monitor(
    { ...settings.monitor, retryFailed: false },
    { clock: new FakeClock() },
  );
  await monitor.collect();
  const entry = [...monitor.store.entries()].find(({ subject }) => subject["url"] === repo);
  await monitor.stop();
  return entry?.attempt.error?.message ?? "";
}

const CHILDREN = [
  ["rclone:remote:path", "rclone.program"],
  ["sftp:host:path", "sftp.command"],
] as const;

test.for(CHILDREN)(
  "the program for %s gets the environment without the secrets of the agent",
  async ([repo, option]) => {
    await failureWith(repo, option, "Permission denied (publickey)\n");
    const lines = (await readFile(join(folder, "seen"), "utf8")).split("\n");
    const seen = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2)));
    expect(seen).toMatchObject({
      ...NEEDED,
      PATH: process.env["PATH"],
      // The entry itself sets it.
      REMOTE_KEY: OWN.REMOTE_KEY,
    });
    const kept = Object.keys(OWN).filter((name) => name in seen);
    expect(kept).toEqual(["REMOTE_KEY"]);
  },
);

test.for(CHILDREN)(
  "the program for %s prints a secret of the agent, and the message does not show it",
  async ([repo, option]) => {
    // Files and commands hold the secret; the headers are parsed.
    const { RESTIC_PASSWORD_FILE: _file, RESTIC_PASSWORD_COMMAND: _command, ...variables } = OWN;
    for (const secret of [...Object.values(variables), ...LITERALS]) {
      const forms = [secret, encodeURIComponent(secret), base64(secret), base64(`me:${secret}`)];
      const message = await failureWith(repo, option, `Permission denied (${forms.join(" ")})\n`);
      expect(message).toContain("Permission denied ([redacted]");
      expect(message).not.toContain("canary");
      for (const form of forms) expect(message).not.toContain(form);
    }
  },
);
