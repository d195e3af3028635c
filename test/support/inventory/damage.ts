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

import { restic } from "../repository/restic-cli.ts";
import { seal } from "../repository/sealed-repository.ts";

/** A repository in a folder, to be damaged. */
export interface Victim {
  readonly folder: string;
  readonly password: string;
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

/** Leaves an index file of the trees alone, as if the data had been in another file that is gone. */
async function loseDataIndex({ folder, password, first: { index } }: Victim): Promise<void> {
  const cat = (...args: readonly string[]): Promise<string> =>
    restic(["cat", ...args, "--no-lock"], { repo: folder, password });
  const key: MasterKey = JSON.parse(await cat("masterkey"));
  const { packs }: IndexFile = JSON.parse(await cat("index", index));
  const ofTrees = packs.filter(({ blobs }) => blobs.every(({ type }) => type === "tree"));
  const [macK, macR, encrypt] = [key.mac.k, key.mac.r, key.encrypt].map((text) =>
    Buffer.from(text, "base64"),
  );
  if (!macK || !macR || !encrypt) throw new Error("restic printed no master key");
  const bytes = seal(Buffer.from(JSON.stringify({ packs: ofTrees })), { macK, macR, encrypt });
  const id = createHash("sha256").update(bytes).digest("hex");
  await writeFile(join(folder, "index", id), bytes);
  await rm(join(folder, "index", index));
}

interface MasterKey {
  readonly mac: { readonly k: string; readonly r: string };
  readonly encrypt: string;
}

interface IndexFile {
  readonly packs: readonly { readonly blobs: readonly { readonly type: string }[] }[];
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
  "a lost index file of data alone": loseDataIndex,
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
