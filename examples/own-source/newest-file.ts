// A source other than restic: the newest file of a directory tree, for backups that are plain files.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { AgentError, sourceSet } from "restic-otel-instrumentation";
import type {
  MetricSpec,
  SourceSet,
  Reading,
  Source,
  StoreEntry,
} from "restic-otel-instrumentation";

interface Tree {
  readonly files: number;
  /** Milliseconds since the epoch; undefined if there is no file. */
  readonly newestMs: number | undefined;
}

class NewestFile implements Source<Tree> {
  readonly subject: { readonly path: string };

  constructor(path: string) {
    this.subject = { path };
  }

  async collect(previous: Tree | undefined, signal: AbortSignal): Promise<Reading<Tree>> {
    const { path } = this.subject;
    try {
      const entries = await readdir(path, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      let newestMs: number | undefined;
      for (const { parentPath, name } of files) {
        signal.throwIfAborted();
        const { mtimeMs } = await stat(join(parentPath, name));
        newestMs = Math.max(newestMs ?? mtimeMs, mtimeMs);
      }
      return { state: { files: files.length, newestMs }, complete: true };
    } catch (cause) {
      const error = new AgentError("not_found", `${path}: cannot be read`, { cause });
      return { state: previous ?? { files: 0, newestMs: undefined }, complete: false, error };
    }
  }
}

const METRICS: readonly MetricSpec<StoreEntry<Tree>>[] = [
  {
    name: "tree.files",
    kind: "gauge",
    description: "Files in the directory tree.",
    labels: ["path"],
    points: ({ subject, state }) => (state ? [[state.files, subject]] : []),
  },
  {
    name: "tree.newest_file_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description:
      "Modification time of the newest file in the directory tree, seconds since the epoch.",
    labels: ["path"],
    points: ({ subject, state }) =>
      state?.newestMs === undefined ? [] : [[state.newestMs / 1000, subject]],
  },
  {
    name: "tree.up",
    kind: "gauge",
    description: "1 if the directory tree could be read, else 0.",
    labels: ["path"],
    points: ({ subject, attempt }) => [[Number(attempt.complete), subject]],
  },
];

/** Pass the result to `start` of the agent, or to a ResticInstrumentation. */
export function newestFiles(paths: readonly string[]): SourceSet {
  return sourceSet({ sources: paths.map((path) => new NewestFile(path)), metrics: METRICS });
}
