import { constants } from "node:fs";
import { open } from "node:fs/promises";

import { AgentError } from "../core/error.ts";
import { fileShown } from "../core/shown-path.ts";
import { mapping, NOT_EMPTY } from "../core/json-schema.ts";
import { Secret } from "../core/secret.ts";
import type { SecretResolver } from "../core/secret.ts";
import { decodeText, isUtf16, trim } from "./trim.ts";

const MAX_BYTES = 64 * 1024;

/** `{file: path}`: the content of a file, decoded and trimmed as restic does with a password file. */
export const file: SecretResolver = {
  scheme: "file",
  schema: mapping({ file: NOT_EMPTY }, ["file"]),
  check: (reference) =>
    typeof reference === "string" && reference !== "" ? undefined : "must be a path",
  resolve: (reference) => secretInFile(String(reference)),
};

/** @throws AgentError `secret` that names the file */
export async function secretInFile(path: string): Promise<Secret> {
  const text = decodeText(await read(path));
  if (isUtf16(text))
    throw new AgentError(
      "secret",
      `${fileShown(path)} is in UTF-16 without a byte order mark: save it as UTF-8`,
    );
  const secret = new Secret(trim(text));
  if (secret.isEmpty) throw new AgentError("secret", `${fileShown(path)} is empty`);
  return secret;
}

async function read(path: string): Promise<Buffer> {
  try {
    // O_NONBLOCK: opening a pipe without a writer does not block.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const buffer = Buffer.alloc(MAX_BYTES + 1);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead > MAX_BYTES)
        throw new AgentError("secret", `${fileShown(path)} is larger than ${MAX_BYTES} bytes`);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof AgentError || !(error instanceof Error)) throw error;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "does not exist",
      EACCES: "cannot be read: permission denied",
      EISDIR: "is a directory",
    };
    const code = "code" in error ? String(error.code) : "";
    throw new AgentError(
      "secret",
      `${fileShown(path)} ${reasons[code] ?? `cannot be read (${code})`}`,
      { cause: error },
    );
  }
}
