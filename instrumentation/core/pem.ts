import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";

import { AgentError } from "./error.ts";

/**
 * The content of PEM files, a list parted by commas; undefined for none.
 * @throws AgentError `config`, naming the variable
 */
export async function certificates(
  files: string | undefined,
  variable: string,
): Promise<string | undefined> {
  if (!files) return undefined;
  const contents = await Promise.all(
    files.split(",").map(async (file) => {
      const invalid = (problem: string, options = {}): AgentError =>
        new AgentError("config", `${variable}: the file ${file} ${problem}`, options);
      const pem = await readFile(file, "utf8").catch((cause: unknown) => {
        throw invalid("cannot be read", { cause });
      });
      // Node takes anything for a CA, and then trusts nobody.
      if (!isCertificate(pem)) throw invalid("holds no certificate");
      return pem;
    }),
  );
  return contents.join("\n");
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
