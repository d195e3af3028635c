import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startAgent } from "../../support/agent/agent.ts";
import type { RunningAgent } from "../../support/agent/agent.ts";
import { expectedSets, setsOf } from "../../support/repository/expected-sets.ts";
import type { ExpectedSet } from "../../support/repository/expected-sets.ts";
import { peerPath, requirePeer } from "../../support/agent/peers.ts";
import { startRestServer } from "../../support/stores/rest-server.ts";
import { restic } from "../../support/repository/restic-cli.ts";
import type { Samples } from "../../support/agent/samples.ts";
import type { Server } from "../../support/http/server.ts";
import { until } from "../../support/core/until.ts";

const FIXTURE = join(import.meta.dirname, "../../fixtures/v2");
const PASSWORD = "pässwörd ✓";

/** restic uses the folder directly, the agent a rest-server: its access log contains the agent's requests only. */
describe.skipIf(!requirePeer("restic") || !requirePeer("rest-server"))("a running agent", () => {
  let folder: string;
  let repo: string;
  let server: Server;
  let agent: RunningAgent;
  let url: string;
  let accessLog = "";
  let password = PASSWORD;

  const settings = (entry: object = {}): object => ({
    repositories: [
      { repo: url, password, ...entry },
      { repo: FIXTURE, password: PASSWORD },
    ],
    reverify: "1ms",
    retryFailed: false,
  });
  const configure = async (next: unknown): Promise<void> => {
    await agent.configure(next);
    await agent.reload();
  };
  const byRestic = async (): Promise<readonly ExpectedSet[]> =>
    setsOf(await restic(["snapshots", "--json", "--no-lock"], { repo, password }));
  const failure = (samples: Samples): unknown => ({
    up: samples.value("backup_repository_up", { url }),
    error: samples
      .of("backup_repository_error", { url })
      .map(({ labels }) => labels["error_type"])
      .join(),
    readErrors: samples.value("backup_read_error_count", { url }),
    jobErrors: samples.value("backup_job_error_count"),
  });
  const failing = (error: string): unknown => ({ up: 0, error, readErrors: 1, jobErrors: 1 });
  const healthy = { up: 1, error: "", readErrors: 0, jobErrors: 0 };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "changes-"));
    repo = join(folder, "repository");
    await cp(FIXTURE, repo, { recursive: true });
    server = await startRestServer({ path: folder });
    url = `rest:${server.url}/repository`;
    agent = await startAgent(settings());
  });

  afterAll(async () => {
    await agent.stop();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  test("shows a new backup set, and removes it when its last snapshot is forgotten", async () => {
    expect((await agent.collect()).sets(url)).toEqual(await expectedSets("v2"));
    await restic(["backup", "--host", "new", "--tag", "t", import.meta.filename], {
      repo,
      password,
    });
    const more = await agent.collect();
    expect(more.sets(url)).toEqual(await byRestic());
    expect(more.of("backup_days_age", { url, host: "new" })).toMatchObject([{ value: 0 }]);
    expect(more.value("backup_last_files", { url, host: "new" })).toBe(1);
    await restic(["forget", "--host", "new", "--unsafe-allow-remove-all"], {
      repo,
      password,
    });
    const fewer = await agent.collect();
    expect(fewer.text).not.toContain('host="new"');
    expect(fewer.sets(url)).toEqual(await byRestic());
  });

  test("reports a wrong password, and keeps the last values", async () => {
    const before = await agent.scrape();
    await configure(settings({ password: "wrong" }));
    const wrong = await agent.collect();
    expect(failure(wrong)).toEqual(failing("wrong_password"));
    expect(wrong.sets(url)).toEqual(before.sets(url));
    expect(wrong.of("backup_days_age", { url })).toEqual(before.of("backup_days_age", { url }));
    await configure(settings());
    expect(failure(await agent.collect())).toEqual(healthy);
  });

  test("notices a password changed in the repository when it lists the keys again", async () => {
    const file = join(folder, "new password");
    await writeFile(file, "nächstes\n");
    await restic(["key", "passwd", "--new-password-file", file], { repo, password });
    const changed = await agent.collect();
    expect(failure(changed)).toEqual(failing("wrong_password"));
    expect(changed.sets(url)).not.toEqual([]);
    password = "nächstes";
    await configure(settings({ password: { file } }));
    expect(failure(await agent.collect())).toEqual(healthy);
  });

  test("reports a stopped server for its repository only, until the server is back", async () => {
    const before = await agent.scrape();
    const { host } = new URL(server.url);
    await server.stop();
    accessLog += server.log();
    const stopped = await agent.collect();
    expect(failure(stopped)).toEqual(failing("unreachable"));
    expect(stopped.sets(url)).toEqual(before.sets(url));
    expect(stopped.value("backup_repository_up", { url: FIXTURE })).toBe(1);
    server = await startRestServer({ path: folder, args: ["--listen", host] });
    expect(failure(await agent.collect())).toEqual(healthy);
  });

  test("reads a repository with an exclusive lock", async () => {
    // At 1 KiB/s the check is still running when it is killed, so its lock stays.
    const args = ["--no-cache", "--limit-download", "1", "check", "--read-data"];
    const check = spawn(peerPath("restic"), args, {
      env: { PATH: process.env["PATH"], RESTIC_REPOSITORY: repo, RESTIC_PASSWORD: password },
      stdio: "ignore",
    });
    await until("the lock", async () => {
      const locks = await readdir(join(repo, "locks")).catch(() => []);
      // restic writes the lock under a temporary name first.
      const locked = locks.some((name) => /^[0-9a-f]{64}$/.test(name));
      if (locked) check.kill("SIGKILL");
      return locked;
    });
    await once(check, "close");
    expect(await restic(["list", "locks", "--no-lock"], { repo, password })).toMatch(
      /^[0-9a-f]{64}\n$/,
    );
    expect(failure(await agent.collect())).toEqual(healthy);
    expect(await readdir(join(repo, "locks"))).toHaveLength(1);
  });

  test("reports a repository that was moved away as not found, not as empty", async () => {
    const before = await agent.scrape();
    await rename(repo, `${repo}.away`);
    const away = await agent.collect();
    expect(failure(away)).toEqual(failing("not_found"));
    expect(away.sets(url)).toEqual(before.sets(url));
    await rename(`${repo}.away`, repo);
    expect(failure(await agent.collect())).toEqual(healthy);
  });

  test("shows a repository without snapshots as empty, without sets", async () => {
    const before = await agent.scrape();
    const snapshots = join(repo, "snapshots");
    await cp(snapshots, join(folder, "kept"), { recursive: true });
    await restic(["unlock", "--remove-all"], { repo, password });
    await restic(["forget", ...(await readdir(snapshots))], { repo, password });
    const empty = await agent.collect();
    expect(failure(empty)).toEqual(healthy);
    expect(empty.value("backup_repository_snapshots", { url })).toBe(0);
    expect(empty.sets(url)).toEqual([]);
    expect(empty.of("backup_days_age", { url })).toEqual([]);
    await cp(join(folder, "kept"), snapshots, { recursive: true });
    expect((await agent.collect()).sets(url)).toEqual(before.sets(url));
  });

  test("rejects an invalid settings file, and keeps the old settings", async () => {
    await configure('{"repositories": [{"repo": "/a"}], "crom": 1}');
    const samples = await agent.collect();
    expect(samples.value("restic_otel_config_last_reload_successful")).toBe(0);
    expect(failure(samples)).toEqual(healthy);
    expect(agent.log()).toMatch(/config\.json:1:\d+: crom: unknown key, did you mean cron\?/);
    await configure(settings({ password }));
    expect((await agent.scrape()).value("restic_otel_config_last_reload_successful")).toBe(1);
  });

  test("removes a repository with the next collection after it was deleted from the settings", async () => {
    await configure([{ repo: FIXTURE, password: PASSWORD }]);
    expect((await agent.scrape()).sets(url)).not.toEqual([]);
    const samples = await agent.collect();
    expect(samples.text).not.toContain(url);
    expect(samples.sets(FIXTURE)).toEqual(await expectedSets("v2"));
  });

  test("has sent GET requests only", async () => {
    await server.stop();
    accessLog += server.log();
    const methods = [...accessLog.matchAll(/"([A-Z]+) \S+ HTTP\/1\.1"/g)].map(
      ([, method]) => method,
    );
    expect(methods.length).toBeGreaterThan(20);
    expect(new Set(methods)).toEqual(new Set(["GET"]));
  });

  test("exits with 0 after SIGTERM, and has logged no password", async () => {
    agent.kill("SIGTERM");
    expect(await agent.exit).toBe(0);
    expect(agent.log()).not.toContain("nächstes");
  });
});
