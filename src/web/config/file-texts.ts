import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";

import { AgentError, toAgentError } from "restic-otel-instrumentation/internal";

const MAX_BYTES = 2 ** 20;

/** Small files as they were read once. */
export class FileTexts {
  /** Digests of what was read, or why nothing could be, by path. */
  readonly #digests = new Map<string, string>();

  /** @throws AgentError `config` if it cannot be read */
  async read(path: string): Promise<string> {
    try {
      const text = await readText(path);
      this.#digests.set(path, createHash("sha256").update(text).digest("hex"));
      return text;
    } catch (error) {
      this.#digests.set(path, toAgentError(error).message);
      throw error;
    }
  }

  /** Whether the same files have the same texts. */
  equals(other: FileTexts): boolean {
    return (
      this.#digests.size === other.#digests.size &&
      [...this.#digests].every(([path, digest]) => other.#digests.get(path) === digest)
    );
  }

  /** The same files as they are now. */
  async again(): Promise<FileTexts> {
    const texts = new FileTexts();
    // What cannot be read is noted too.
    for (const path of this.#digests.keys()) await texts.read(path).catch(() => "");
    return texts;
  }
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES)
      throw new AgentError("config", `${file}: has ${size} bytes, more than such a file can have`);
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const reasons = new Map<unknown, string>([
      ["ENOENT", "there is no such file"],
      ["EISDIR", "is a directory"],
      ["EACCES", "may not be read by this user"],
    ]);
    throw new AgentError(
      "config",
      `${file}: ${reasons.get(code) ?? `cannot be read (${String(code)})`}`,
      { cause: error },
    );
  }
}
