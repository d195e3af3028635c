import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startAgent } from "../support/agent/agent.ts";
import type { RunningAgent } from "../support/agent/agent.ts";
import {
  FAILING,
  NAMES,
  PASSWORD,
  UNREADABLE,
  withOddSnapshots,
} from "../support/repository/bad-repositories.ts";
import { failureShown } from "../support/core/failure-shown.ts";
import type { Samples } from "../support/agent/samples.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

let folder: string;
let agent: RunningAgent;
let samples: Samples;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bad-"));
  const all = [...FAILING, ...UNREADABLE];
  for (const [name, make] of all) await make(path(name), new SealedRepository(PASSWORD));
  await withOddSnapshots(path("good"), new SealedRepository(PASSWORD));
  agent = await startAgent({
    repositories: [...all.map(([name]) => name), "good"].map((name) => ({
      repo: path(name),
      password: PASSWORD,
    })),
  });
  samples = await agent.collect();
});

afterAll(async () => {
  await agent.stop();
  await rm(folder, { recursive: true });
});

const path = (name: string): string => join(folder, name);

const failure = (name: string): string =>
  failureShown(agent.log(), samples, path(name)).replaceAll(path(name), "PATH");

describe("a repository that cannot be read causes an error with its reason", () => {
  test.for(FAILING)("%s", ([name, , type, message]) => {
    const url = path(name);
    const failed = failure(name);
    if (typeof message === "string") expect(failed).toBe(`${type}: ${message}`);
    else expect(failed).toMatch(new RegExp(`^${type}: ${message.source.replace("^", "")}`));
    expect(samples.value("backup_repository_up", { url })).toBe(0);
    expect(samples.value("backup_read_error_count", { url })).toBe(1);
    expect(samples.sets(url)).toEqual([]);
  });
});

describe("a snapshot file that cannot be read is reported, and the others are counted", () => {
  test.for(UNREADABLE)("%s", ([name, , reason]) => {
    const url = path(name);
    const failed = failure(name).replaceAll(/[0-9a-f]{64}/g, "ID");
    expect(failed.replace(/: [0-9a-f]{8} /, ": ID8 ")).toBe(
      `corrupt: 1 unreadable snapshot file: ID8 ${reason}`,
    );
    expect(samples.value("backup_repository_up", { url })).toBe(1);
    expect(samples.value("backup_read_error_count", { url })).toBe(1);
    expect(samples.value("backup_repository_snapshots", { url })).toBe(2);
    expect(samples.value("backup_repository_unreadable_snapshots", { url })).toBe(1);
    expect(samples.sets(url)).toMatchObject([{ host: "web", user: "root", snapshots: 1 }]);
  });
});

test("unusual but valid snapshots are counted, and other repositories are not affected", () => {
  const url = path("good");
  expect(samples.value("backup_repository_up", { url })).toBe(1);
  expect(samples.value("backup_repository_unreadable_snapshots", { url })).toBe(0);
  expect(samples.sets(url).map(({ host, user }) => [host, user])).toEqual([
    ["", "UNKNOWN"],
    [NAMES, "root"],
    ["early", "root"],
    ["late", "root"],
    ["web", "root"],
  ]);
  expect(samples.value("backup_newest_timestamp", { host: "early" })).toBe(-62_135_596_800);
  expect(samples.value("backup_days_age", { host: "early" })).toBeGreaterThan(738_000);
  expect(samples.value("backup_newest_timestamp", { host: "late" })).toBe(4_102_444_800);
  expect(samples.value("backup_days_age", { host: "late" })).toBeLessThan(0);
  expect(samples.value("backup_job_error_count")).toBe(FAILING.length + UNREADABLE.length);
});

test("the memory of the agent is bounded", () => {
  expect(samples.value("process_resident_memory_bytes")).toBeLessThan(2 ** 29);
});

test("no output contains a secret", async () => {
  for (const page of ["/", "/api/status", "/metrics", "/nowhere"])
    expect(await (await fetch(`${agent.url}${page}`)).text()).not.toContain("CANARY");
  expect(agent.log()).not.toContain("CANARY");
});
