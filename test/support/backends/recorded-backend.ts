import { basename } from "node:path";

import { AgentError } from "../../../instrumentation/core/error.ts";
import { listedFiles, MAX_SIZE_BYTES, pathOf } from "../../../instrumentation/backends/backend.ts";
import type { Backend, FileType } from "../../../instrumentation/backends/backend.ts";
import type { RepositoryFiles } from "../repository/sealed-repository.ts";

/** A backend over files in memory that reports each call, as `LIST keys` or `GET config`, before it answers. */
export function recordedBackend(files: RepositoryFiles, onCall: (call: string) => void): Backend {
  return {
    location: "memory",
    connections: 2,
    slices: true,
    async list(type: FileType, _from, signal, options) {
      signal.throwIfAborted();
      onCall(`LIST ${type}`);
      const found = [...files]
        .map(([path, { length }]) => ({ path, name: basename(path), size: length }))
        .filter(({ path, name }) => path === pathOf(type, name));
      return { ...listedFiles(found, options), next: undefined, receivedBytes: 0 };
    },
    async load(type: FileType, name: string, signal) {
      signal.throwIfAborted();
      onCall(`GET ${type}`);
      const stored = files.get(pathOf(type, name));
      if (!stored) throw new AgentError("not_found", `${type} ${name} does not exist`);
      if (stored.length > MAX_SIZE_BYTES[type])
        throw new AgentError("corrupt", `${type} ${name} is too long`);
      return stored;
    },
  };
}
