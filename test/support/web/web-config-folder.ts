import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CERTIFICATES } from "./web-configs.ts";

/** A folder with a web config file and certificates. */
export interface WebConfigFolder {
  readonly file: string;
  /** The path of a file in the folder. */
  path(name: string): string;
  /** Replaces the web config. */
  write(content: string): Promise<void>;
  remove(): Promise<void>;
}

export async function webConfigFolder(content: string): Promise<WebConfigFolder> {
  const folder = await mkdtemp(join(tmpdir(), "web-config-"));
  await cp(CERTIFICATES, folder, { recursive: true });
  const file = join(folder, "web.yml");
  const write = (next: string): Promise<void> => writeFile(file, next);
  await write(content);
  return {
    file,
    path: (name) => join(folder, name),
    write,
    remove: () => rm(folder, { recursive: true }),
  };
}
