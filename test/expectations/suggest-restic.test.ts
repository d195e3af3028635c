import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { requirePeer } from "../support/agent/peers.ts";
import type { Ended } from "../support/agent/program.ts";
import { restic } from "../support/repository/restic-cli.ts";

const ROOT = join(import.meta.dirname, "../..");
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const password = "password";

describe.skipIf(!requirePeer("restic"))("suggest, for a repository of restic", () => {
  let folder: string;
  let repo: string;
  let file: string;
  const now = Date.now();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "suggest-"));
    repo = join(folder, "repository");
    file = join(folder, "config.yaml");
    await restic(["init"], { repo, password });
    // A masked second job, a host that is silent, one that is silent for long, and one whose name is a glob.
    const job = ["/etc/hostname", HOUR] as const;
    for (const [host, path, silent] of [
      ["web", ...job],
      ["web", "/etc/passwd", 10 * DAY],
      ["[db]*", ...job],
      ["old", "/etc/hostname", 100 * DAY],
    ] as const)
      for (let day = 3; day >= 0; day--) {
        const at = new Date(now - silent - day * DAY);
        const time = at.toISOString().slice(0, 19).replace("T", " ");
        await restic(["backup", path], { repo, password, host, time });
      }
  });

  afterAll(() => rm(folder, { recursive: true }));

  /** Runs the agent from its sources. */
  function run(...args: readonly string[]): Promise<Ended> {
    const { promise, resolve } = Promise.withResolvers<Ended>();
    const program = ["--conditions=source", "src/main.ts", ...args, "--config", file];
    const env = { PATH: process.env["PATH"] };
    execFile(process.execPath, program, { cwd: ROOT, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    return promise;
  }

  test("prints expectations that are loaded unchanged, and shows what is late", async () => {
    const settings = `cron: "@every 1h"\nrepositories: [{repo: ${repo}, password: ${password}}]\n`;
    await writeFile(file, settings);
    const suggested = await run("suggest", "--log-level=warn");
    const silent = new Date(now - 10 * DAY).toISOString().slice(0, 10);
    const retired = new Date(now - 100 * DAY).toISOString().slice(0, 10);
    expect(suggested).toEqual({
      code: 0,
      stdout: `expect:
  # largest gap seen twice: 24h
  - name: db
    hosts: ["\\\\[db\\\\]\\\\*"]
    maxAge: 30h
  # largest gap seen twice: 24h
  - name: web-hostname
    hosts: [web]
    paths: [/etc/hostname]
    maxAge: 30h
  # silent since ${silent}, late at once; largest gap seen twice: 24h
  - name: web-passwd
    hosts: [web]
    paths: [/etc/passwd]
    maxAge: 30h
  # retired? silent since ${retired}; largest gap seen twice: 24h
  # - name: old
  #   hosts: [old]
  #   maxAge: 30h
`,
      stderr: `old: silent since ${retired}, retired?\n`,
    });

    await writeFile(file, settings + suggested.stdout);
    expect(await run("--check-config")).toEqual({
      code: 0,
      stdout:
        "ok: 1 repository, 0 disabled, 3 expectations; no repository was opened: add --open for that\n",
      stderr: "",
    });

    const { stdout } = await run("--once");
    const slots = (metric: string): readonly string[] =>
      stdout.split("\n").filter((line) => line.startsWith(`${metric}{`));
    expect(slots("backup_expected_max_age_seconds")).toEqual([
      'backup_expected_max_age_seconds{expectation="db",host="[db]*"} 108000',
      'backup_expected_max_age_seconds{expectation="web-hostname",host="web"} 108000',
      'backup_expected_max_age_seconds{expectation="web-passwd",host="web"} 108000',
    ]);
    expect(slots("backup_expectation_unmet")).toEqual([
      'backup_expectation_unmet{expectation="web-passwd",host="web",reason="late"} 1',
    ]);
  });

  test("says which hosts are left out, that the schedule is too rare for the ages, and how many repositories failed", async () => {
    const nothing = join(folder, "nothing");
    await mkdir(nothing);
    await restic(["backup", nothing], { repo, password, host: "hollow" });
    const away = join(folder, "away");
    const repositories = [repo, away].map((one) => ({ repo: one, password }));
    await writeFile(file, JSON.stringify({ repositories }));
    const { code, stdout, stderr } = await run("suggest", "--timezone=UTC", "--log-level=error");
    expect([code, stdout.split("\n", 1)]).toEqual([1, ["expect:"]]);
    expect(stderr).toContain(
      "hollow: left out, all its snapshots are empty or dated in the future\n",
    );
    expect(stderr).toContain(
      '2 expectations may be late between two collections: cron "0 0 * * *" collects every 24h; set it to at most 6h, or raise maxAge\n',
    );
    expect(stderr).toMatch(
      /\n1 repository could not be read completely: their hosts may be missing\n$/,
    );
  });
});
