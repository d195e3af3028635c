import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { MetricSpec, Point } from "restic-otel-instrumentation/internal";

/** A reading of the agent's process. A value that the platform does not provide is undefined. */
export interface ProcessReading {
  readonly cpuSeconds: number;
  readonly startTimeSeconds: number;
  readonly residentBytes: number;
  readonly virtualBytes: number | undefined;
  readonly openFiles: number | undefined;
  readonly maxFiles: number | undefined;
}

/** The standard names of Prometheus client libraries ("Writing client libraries", "Process metrics"). */
export const processMetrics: readonly MetricSpec<ProcessReading>[] = [
  {
    name: "process.cpu_seconds",
    kind: "counter",
    unit: "s",
    description: "User and system CPU time of the agent.",
    labels: [],
    points: ({ cpuSeconds }) => point(cpuSeconds),
  },
  {
    name: "process.start_time_seconds",
    kind: "gauge",
    unit: "s",
    description: "When the agent was started, Unix seconds.",
    labels: [],
    points: ({ startTimeSeconds }) => point(startTimeSeconds),
  },
  {
    name: "process.resident_memory_bytes",
    kind: "gauge",
    unit: "By",
    description: "Resident memory of the agent.",
    labels: [],
    points: ({ residentBytes }) => point(residentBytes),
  },
  {
    name: "process.virtual_memory_bytes",
    kind: "gauge",
    unit: "By",
    description: "Virtual memory of the agent.",
    labels: [],
    points: ({ virtualBytes }) => point(virtualBytes),
  },
  {
    name: "process.open_fds",
    kind: "gauge",
    description: "Open file descriptors of the agent.",
    labels: [],
    points: ({ openFiles }) => point(openFiles),
  },
  {
    name: "process.max_fds",
    kind: "gauge",
    description: "File descriptors that the agent may open.",
    labels: [],
    points: ({ maxFiles }) => point(maxFiles),
  },
];

function point(value: number | undefined): readonly Point[] {
  return value === undefined ? [] : [[value, {}]];
}

/** Reads the running process. @param folder the proc(5) folder of the process; without it three values are undefined */
export function readProcess(folder = "/proc/self"): ProcessReading {
  const { user, system } = process.cpuUsage();
  const limit = /^Max open files +(\d+)/m.exec(contentOf(join(folder, "limits")))?.[1];
  return {
    cpuSeconds: (user + system) / 1e6,
    startTimeSeconds: performance.timeOrigin / 1000,
    residentBytes: process.memoryUsage.rss(),
    virtualBytes: sizeIn(contentOf(join(folder, "stat"))),
    openFiles: countOf(join(folder, "fd")),
    maxFiles: limit === undefined ? undefined : Number(limit),
  };
}

/** proc_pid_stat(5): `vsize` is field 23. The second field is the name in parentheses, which may contain spaces and parentheses. */
function sizeIn(stat: string): number | undefined {
  const vsize = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .at(23 - 3);
  return vsize === undefined ? undefined : Number(vsize);
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function countOf(folder: string): number | undefined {
  try {
    // One descriptor is that of the folder itself.
    return readdirSync(folder).length - 1;
  } catch {
    return undefined;
  }
}
