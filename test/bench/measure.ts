import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** A whole process: what it printed, how long it took, and the memory that it had at the most. */
export interface Run {
  readonly stdout: string;
  readonly seconds: number;
  readonly peakBytes: number;
}

export async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const startedMs = performance.now();
  const child = spawn(command, args, {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let peakBytes = 0;
  const sampled = setInterval(() => (peakBytes = Math.max(peakBytes, peakOf(child.pid))), 10);
  let stdout = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) stdout += String(chunk);
  const code = await ended;
  clearInterval(sampled);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${String(code)}`);
  return { stdout, seconds: (performance.now() - startedMs) / 1000, peakBytes };
}

/** The peak of a running process as Linux knows it; 0 elsewhere. */
function peakOf(pid: number | undefined): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(
      readFileSync(`/proc/${String(pid)}/status`, "utf8"),
    )?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
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

/** `median (min–max)`. */
export function show({ median, min, max }: Figure, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
