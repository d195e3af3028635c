import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { processMetrics, readProcess } from "../../../src/telemetry/own-metrics/process.ts";
import type { ProcessReading } from "../../../src/telemetry/own-metrics/process.ts";

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max stack size            8388608              unlimited            bytes
Max open files            1024                 524288               files
`;

/** 22 fields after the name; the 21st of them is vsize. */
const STAT = `42 (a b) c) ) S ${Array.from({ length: 19 }, (_, index) => index).join(" ")} 987654321 24 25\n`;

async function procFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "proc-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "fd"));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

function named(reading: ProcessReading): Readonly<Record<string, number | undefined>> {
  return Object.fromEntries(
    processMetrics.map((metric) => [metric.name, [...metric.points(reading, 0)][0]?.[0]]),
  );
}

test("the values of a process come from its proc(5) folder", async () => {
  const folder = await procFolder({
    limits: LIMITS,
    stat: STAT,
    "fd/0": "",
    "fd/1": "",
    "fd/9": "",
  });
  expect(named(readProcess(folder))).toMatchObject({
    "process.virtual_memory_bytes": 987654321,
    "process.open_fds": 2,
    "process.max_fds": 1024,
  });
});

test("without a limit of open files the metric is absent", async () => {
  const folder = await procFolder({ limits: LIMITS.replace("1024  ", "unlimited"), stat: STAT });
  expect(named(readProcess(folder))["process.max_fds"]).toBeUndefined();
});

test("without a proc(5) folder three metrics are absent", () => {
  const points = named(readProcess("/does/not/exist"));
  const absent = Object.keys(points).filter((name) => points[name] === undefined);
  expect(absent).toEqual(["process.virtual_memory_bytes", "process.open_fds", "process.max_fds"]);
});

test("the values of this process are plausible", () => {
  const points = named(readProcess());
  expect(points["process.cpu_seconds"]).toBeGreaterThan(0.01);
  expect(points["process.cpu_seconds"]).toBeLessThan(10_000);
  expect(points["process.resident_memory_bytes"]).toBeGreaterThan(2 ** 23);
  const ageSeconds = Date.now() / 1000 - (points["process.start_time_seconds"] ?? 0);
  expect(ageSeconds).toBeGreaterThan(0);
  expect(ageSeconds).toBeLessThan(process.uptime() + 60);
});

test.runIf(existsSync("/proc/self"))("on Linux the values of this process are plausible", () => {
  const points = named(readProcess());
  expect(points["process.virtual_memory_bytes"]).toBeGreaterThan(
    points["process.resident_memory_bytes"] ?? Infinity,
  );
  expect(points["process.open_fds"]).toBeGreaterThan(2);
  expect(points["process.max_fds"]).toBeGreaterThan(points["process.open_fds"] ?? Infinity);
});
