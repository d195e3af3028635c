import type { Backend, FileType } from "../backends/backend.ts";

/** Files that were read, by type. */
export type FileCounts = Partial<Record<FileType, number>>;

/** Counts each file that is loaded in `counts`. */
export function countingFiles(backend: Backend, counts: FileCounts): Backend {
  return {
    location: backend.location,
    connections: backend.connections,
    slices: backend.slices,
    list: (type, from, signal, options) => backend.list(type, from, signal, options),
    async load(type, name, signal) {
      const stored = await backend.load(type, name, signal);
      counts[type] = (counts[type] ?? 0) + 1;
      return stored;
    },
  };
}
