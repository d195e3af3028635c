import { createHash, randomBytes } from "node:crypto";
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";

/** A repository in a folder, to be damaged. */
export interface Victim {
  readonly folder: string;
  /** Ids of packs of data and of trees, and of the index file, of the first backup. */
  readonly first: FirstBackup;
}

/** The files that a backup into an empty repository writes. */
export interface FirstBackup {
  readonly data: string;
  readonly trees: string;
  readonly index: string;
}

function packPath(folder: string, id: string): string {
  return join(folder, "data", id.slice(0, 2), id);
}

/** A pack that is in no index file. @returns its id */
async function addOrphan(folder: string): Promise<string> {
  const bytes = randomBytes(4096);
  const id = createHash("sha256").update(bytes).digest("hex");
  await mkdir(join(folder, "data", id.slice(0, 2)), { recursive: true });
  await writeFile(packPath(folder, id), bytes);
  return id;
}

async function moveToWrongFolder(folder: string, id: string): Promise<void> {
  const other = id.startsWith("00") ? "01" : "00";
  await mkdir(join(folder, "data", other), { recursive: true });
  await rename(packPath(folder, id), join(folder, "data", other, id));
}

async function changeIndex(
  { folder, first: { index } }: Victim,
  change: (bytes: Buffer) => Buffer,
): Promise<void> {
  const path = join(folder, "index", index);
  const bytes = change(await readFile(path));
  await rm(path);
  await writeFile(path, bytes);
}

/** Replaces the index file by one that another key sealed; its name is right. */
async function foreignIndex({ folder, first: { index } }: Victim): Promise<void> {
  const bytes = randomBytes(500);
  await rm(join(folder, "index", index));
  const id = createHash("sha256").update(bytes).digest("hex");
  await writeFile(join(folder, "index", id), bytes);
}

function flipped(bytes: Buffer): Buffer {
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  return bytes;
}

/** Damage of one kind, by name. */
export const DAMAGE: Readonly<Record<string, (victim: Victim) => Promise<unknown>>> = {
  nothing: async () => {},
  "a lost pack of data": ({ folder, first }) => rm(packPath(folder, first.data)),
  "a lost pack of trees": ({ folder, first }) => rm(packPath(folder, first.trees)),
  "a short pack": ({ folder, first }) => truncate(packPath(folder, first.data), 200),
  "a pack without bytes": ({ folder, first }) => truncate(packPath(folder, first.trees), 0),
  "a long pack": ({ folder, first }) => appendFile(packPath(folder, first.data), "x"),
  "a pack in a wrong folder": ({ folder, first }) => moveToWrongFolder(folder, first.data),
  "an orphan": ({ folder }) => addOrphan(folder),
  "all packs lost": async ({ folder }) => {
    for (const name of await readdir(join(folder, "data")))
      await rm(join(folder, "data", name), { recursive: true });
  },
  "a lost index file": ({ folder, first }) => rm(join(folder, "index", first.index)),
  "a lost index folder": async ({ folder }) => {
    for (const name of await readdir(join(folder, "index"))) await rm(join(folder, "index", name));
  },
  "a changed index file": (victim) => changeIndex(victim, flipped),
  "a cut index file": (victim) => changeIndex(victim, (bytes) => bytes.subarray(0, 100)),
  "an index file of another key": foreignIndex,
  "several at once": async ({ folder, first }) => {
    await rm(packPath(folder, first.trees));
    await truncate(packPath(folder, first.data), 100);
    await addOrphan(folder);
  },
};
