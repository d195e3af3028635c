import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** The main module of the built agent. */
export const MAIN = join(ROOT, "dist/main.js");

/** Number of runs. */
export const RUNS = Number(process.env["RESTIC_OTEL_BENCH_RUNS"] ?? 5);

/** Larger sizes are left out: 100,000 snapshots take ten minutes. */
export const LARGEST = Number(process.env["RESTIC_OTEL_BENCH_LARGEST"] ?? 100_000);

/**
 * Arguments of Node.js to run a script of this folder. Its types are removed before, since that takes time and memory, and a file beside
 * it is put in the place of its import.
 * The script's own arguments begin at `process.argv[1]`. Run it in the root folder, where its imports are resolved.
 */
export function script(name: string): readonly string[] {
  return ["--input-type=module", "--eval", withoutTypes(name), "--"];
}

/** Arguments of Node.js to load `probe.ts` before a program. */
export function probe(): readonly string[] {
  return ["--import", moduleOf(withoutTypes("processes/probe"))];
}

function moduleOf(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

function withoutTypes(name: string): string {
  const path = join(import.meta.dirname, `${name}.ts`);
  const code = stripTypeScriptTypes(readFileSync(path, "utf8"));
  return code.replace(/^import .* from "\.\/([\w-]+)\.ts";$/m, (_, beside) =>
    withoutTypes(join(dirname(name), String(beside))),
  );
}

/** The result of a process that has exited. */
export interface Run {
  readonly stdout: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** Runs a process. @throws Error if it does not exit with 0 */
export async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  // Data that the previous process wrote must not be flushed to the disk during this one.
  spawnSync("sync");
  const startedMs = performance.now();
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let peakBytes = 0;
  let cpuSeconds = 0;
  // The last 10 ms are not sampled.
  const sampled = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid));
    cpuSeconds = Math.max(cpuSeconds, cpuOf(child.pid));
  }, 10);
  let stdout = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) stdout += String(chunk);
  const code = await ended;
  clearInterval(sampled);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} exited with ${String(code)}`);
  return { stdout, seconds: (performance.now() - startedMs) / 1000, cpuSeconds, peakBytes };
}

/** Peak resident memory of a running process, bytes; 0 without /proc. */
export function peakOf(pid: number | undefined): number {
  return statusBytes(pid, "VmHWM");
}

/** Resident memory of a running process, bytes; 0 without /proc. */
export function residentOf(pid: number): number {
  return statusBytes(pid, "VmRSS");
}

function statusBytes(pid: number | undefined, field: string): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(procFile(pid, "status"))?.[1];
  return Number(kib ?? 0) * 1024;
}

/** User and system time of a running process, seconds. A clock tick on Linux is 10 ms. */
export function cpuOf(pid: number | undefined): number {
  const fields = procFile(pid, "stat")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

function procFile(pid: number | undefined, name: string): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${name}`, "utf8");
  } catch {
    return "";
  }
}

export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function figure(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: sorted[Math.floor(sorted.length / 2)] ?? NaN,
    min: sorted[0] ?? NaN,
    max: sorted.at(-1) ?? NaN,
  };
}

/** The ratios of the runs, so that a drift between runs does not count. NaN unless more than half of the runs have both values. */
export function ratio(ours: readonly number[], theirs: readonly number[]): Figure {
  const each = ours.map((value, index) => value / (theirs[index] ?? NaN));
  const known = each.filter((value) => !Number.isNaN(value));
  return figure(known.length * 2 > each.length ? known : []);
}

/** `median (min–max)`. */
export function show({ median, min, max }: Figure, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

/** A Markdown table; columns of numbers are aligned right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const isNumber = (index: number): boolean =>
    rows.every((row) => /^(|cannot|[\d.,–×() ]+)$/.test(String(row[index])));
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, index) => (isNumber(index) ? "--:" : "---"));
  return `${[line(head), line(rule), ...rows.map(line)].join("\n")}\n`;
}

/** 10⁶ bytes, as in the goals. */
export function megabytes(bytes: number): number {
  return bytes / 1e6;
}
