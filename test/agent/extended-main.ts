import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { start } from "restic-otel";
import { AgentError, MAX_SIZE_BYTES, Secret } from "restic-otel-instrumentation";
import type { Backend, FileType, SecretResolver } from "restic-otel-instrumentation";

/** A backend that the agent does not have. */
function openFolder(folder: string): Backend {
  const read = async <T>(path: string, reading: Promise<T>): Promise<T> => {
    try {
      return await reading;
    } catch (cause) {
      throw new AgentError("not_found", `${path} does not exist`, { cause });
    }
  };
  return {
    location: `folder:${folder}`,
    connections: 2,
    async list(type) {
      const path = join(folder, type);
      const names = await read(path, readdir(path));
      return { names, next: undefined, receivedBytes: 0 };
    },
    async load(type: FileType, name: string, signal: AbortSignal) {
      const path = join(folder, type, name);
      const bytes = await read(path, readFile(path, { signal }));
      if (bytes.length > MAX_SIZE_BYTES[type])
        throw new AgentError("corrupt", `${path} is too large`);
      return bytes;
    },
  };
}

const reversed: SecretResolver = {
  scheme: "reversed",
  check: (reference) => (typeof reference === "string" ? undefined : "must be text"),
  resolve: async (reference) =>
    new Secret(Uint8Array.from(Buffer.from(String(reference))).toReversed()),
};

await start({
  backends: { folder: async (address) => openFolder(address) },
  resolvers: [reversed],
});
