import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export const ROOT = join(import.meta.dirname, "../../..");
const run = promisify(execFile);

/** The output of a program. @throws Error with the complete output if the program fails */
export async function output(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const options = { cwd, env, maxBuffer: 2 ** 26, timeout: 240_000 };
  try {
    const { stdout } = await run(program, [...args], options);
    return stdout;
  } catch (error) {
    const { stdout = "" }: { readonly stdout?: string } = Object(error);
    throw new Error(`${String(error)}\n${stdout}`, { cause: error });
  }
}

export function npm(args: readonly string[], cwd: string): Promise<string> {
  return output("npm", args, cwd);
}

/** The total size of all files below a folder. */
export async function sizeMib(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let bytes = 0;
  for (const entry of entries)
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  return bytes / 2 ** 20;
}
