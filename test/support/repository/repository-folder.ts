import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { FOLDERS } from "../backends/backend-suite.ts";
import type { RepositoryFiles } from "./sealed-repository.ts";

/** Writes files into a folder (default: a new one) that has all folders of a repository. */
export async function repositoryFolder(files: RepositoryFiles, folder?: string): Promise<string> {
  const path = folder ?? (await mkdtemp(join(tmpdir(), "repository-")));
  for (const name of FOLDERS) await mkdir(join(path, name), { recursive: true });
  const parents = new Set([...files.keys()].map(dirname));
  for (const parent of parents) await mkdir(join(path, parent), { recursive: true });
  await Promise.all([...files].map(([name, bytes]) => writeFile(join(path, name), bytes)));
  return path;
}
