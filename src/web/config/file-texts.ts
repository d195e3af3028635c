import { readFile, stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";

import { AgentError, isUtf16, toAgentError } from "restic-otel-instrumentation/internal";

const MAX_BYTES = 2 ** 20;

/** Reads small files, and detects changes of them. */
export class FileTexts {
  /** By path: the content, or the error message. */
  readonly #found = new Map<string, string>();

  /** @throws AgentError `config` if the file cannot be read */
  async read(path: string): Promise<string> {
    try {
      const text = await readText(path);
      this.#found.set(path, text);
      return text;
    } catch (error) {
      this.#found.set(path, toAgentError(error).message);
      throw error;
    }
  }

  /** Whether both have the same files with the same contents. */
  equals(other: FileTexts): boolean {
    return isDeepStrictEqual(this.#found, other.#found);
  }

  /** Reads the same files again. */
  async reread(): Promise<FileTexts> {
    const texts = new FileTexts();
    // read() also records a file that cannot be read.
    for (const path of this.#found.keys()) await texts.read(path).catch(() => "");
    return texts;
  }
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES)
      throw new AgentError(
        "config",
        `${file}: is too large: ${size} bytes, the maximum is ${MAX_BYTES}`,
      );
    const bytes = await readFile(file);
    if (isUtf16(bytes)) throw new AgentError("config", `${file}: is in UTF-16: save it as UTF-8`);
    return bytes.toString();
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const reasons = new Map<unknown, string>([
      ["ENOENT", "file not found"],
      ["EISDIR", "is a directory"],
      ["EACCES", "permission denied"],
    ]);
    throw new AgentError(
      "config",
      `${file}: ${reasons.get(code) ?? `cannot be read (${String(code)})`}`,
      { cause: error },
    );
  }
}
