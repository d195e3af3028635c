import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";

import { AgentError } from "../core/error.ts";
import type { ErrorCode } from "../core/error.ts";
import { fileShown } from "../core/shown-path.ts";

/**
 * The text of a PEM file.
 * @param name the setting or variable that names the file
 * @throws AgentError `code`
 */
export async function readPem(
  file: string,
  name: string,
  code: ErrorCode = "config",
): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new AgentError(code, `${name}: ${fileShown(file)} cannot be read${reason}`, { cause });
  }
}

/** Node.js accepts any text as a CA, and then rejects every server. */
export function holdsCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/**
 * The content of PEM files, listed with commas between them; undefined for none.
 * @throws AgentError `config`, naming the variable
 */
export async function certificates(
  files: string | undefined,
  variable: string,
): Promise<string | undefined> {
  if (!files) return undefined;
  const contents = await Promise.all(
    files.split(",").map(async (file) => {
      const pem = await readPem(file, variable);
      if (!holdsCertificate(pem))
        throw new AgentError("config", `${variable}: ${fileShown(file)} holds no certificate`);
      return pem;
    }),
  );
  return contents.join("\n");
}
