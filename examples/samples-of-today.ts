import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from "node:crypto";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { zstdDecompressSync } from "node:zlib";

import { poly1305 } from "@noble/ciphers/_poly1305.js";

/** Time of the newest snapshot of the samples. */
const NEWEST = Date.parse("2026-11-23T04:00:00Z");
const HOUR = 3_600_000;

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

interface Key {
  readonly encrypt: Buffer;
  readonly k: Buffer;
  readonly r: Buffer;
}

/**
 * Copies the sample repositories into a folder, and shifts the times of all snapshots by the same duration, so that the newest one is
 * some hours old. Their backups begin at that time: the samples were made with --time. Damaged files are copied unchanged.
 * @param passwords by repository name; a repository without a password is copied unchanged
 */
export async function samplesOfToday(
  folder: string,
  passwords: Readonly<Record<string, string>>,
): Promise<void> {
  await cp(join(import.meta.dirname, "repositories"), folder, { recursive: true });
  const shift = Math.floor((Date.now() - NEWEST) / HOUR - 6) * HOUR;
  await Promise.all(
    Object.entries(passwords).map(async ([name, password]) => {
      const repository = join(folder, name);
      const key = await masterKey(join(repository, "keys"), password);
      const snapshots = join(repository, "snapshots");
      for (const id of await readdir(snapshots)) {
        const text = read(await readFile(join(snapshots, id)), key);
        if (text === undefined) continue;
        const sealed = seal(Buffer.from(shifted(text, shift)), key);
        await rm(join(snapshots, id));
        await writeFile(join(snapshots, createHash("sha256").update(sealed).digest("hex")), sealed);
      }
    }),
  );
}

/** @param ms duration by which the time of the snapshot is later */
function shifted(text: string, ms: number): string {
  const snapshot: { time: string; summary?: { backup_start: string; backup_end: string } } =
    JSON.parse(text);
  const { time, summary } = snapshot;
  snapshot.time = later(time, ms);
  if (summary) {
    const duration = Date.parse(summary.backup_end) - Date.parse(summary.backup_start);
    summary.backup_start = snapshot.time;
    summary.backup_end = later(snapshot.time, duration);
  }
  return JSON.stringify(snapshot);
}

function later(time: string, ms: number): string {
  return new Date(Date.parse(time) + ms).toISOString();
}

/** restic design document, section "Keys, Encryption and MAC". */
async function masterKey(keys: string, password: string): Promise<Key> {
  const [id = ""] = await readdir(keys);
  const { N, r, p, salt, data } = JSON.parse(await readFile(join(keys, id), "utf8"));
  const options = { N, r, p, maxmem: 2 ** 28 };
  const user = await derive(password, Buffer.from(salt, "base64"), 64, options);
  const master = JSON.parse(open(Buffer.from(data, "base64"), user.subarray(0, 32)).toString());
  return {
    encrypt: Buffer.from(master.encrypt, "base64"),
    k: Buffer.from(master.mac.k, "base64"),
    r: Buffer.from(master.mac.r, "base64"),
  };
}

function open(sealed: Buffer, encrypt: Buffer): Buffer {
  const nonce = sealed.subarray(0, 16);
  return createDecipheriv("aes-256-ctr", encrypt, nonce).update(sealed.subarray(16, -16));
}

/** undefined: the file is damaged. */
function read(sealed: Buffer, { encrypt }: Key): string | undefined {
  try {
    const plain = open(sealed, encrypt);
    const json = (plain[0] === 2 ? zstdDecompressSync(plain.subarray(1)) : plain).toString();
    JSON.parse(json);
    return json;
  } catch {
    return undefined;
  }
}

function seal(plain: Buffer, { encrypt, k, r }: Key): Buffer {
  const nonce = randomBytes(16);
  const ciphertext = createCipheriv("aes-256-ctr", encrypt, nonce).update(plain);
  const pad = createCipheriv("aes-128-ecb", k, null).setAutoPadding(false).update(nonce);
  return Buffer.concat([nonce, ciphertext, poly1305(ciphertext, Buffer.concat([r, pad]))]);
}
