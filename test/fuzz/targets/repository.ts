import { zstdCompressSync } from "node:zlib";

import { Key, SealError } from "../../../instrumentation/restic/crypto/key.ts";
import { decodeLock } from "../../../instrumentation/restic/locks/lock-file.ts";
import { decodeIndex } from "../../../instrumentation/restic/inventory/decode-index.ts";
import { unpack } from "../../../instrumentation/restic/repository/decompress.ts";
import { decodeConfig } from "../../../instrumentation/restic/repository/config.ts";
import { decodeKeyFile } from "../../../instrumentation/restic/repository/key-file.ts";
import { decodeSnapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { parseInstant } from "../../../instrumentation/restic/repository/timestamp.ts";
import { newMaterial, seal, SealedRepository } from "../../support/repository/sealed-repository.ts";
import { plainError } from "../target.ts";
import type { Target } from "../target.ts";

const ID = "0".repeat(64);
const MIB = 2 ** 20;
const material = newMaterial();
const key = new Key(material);
const keyFile = [...new SealedRepository("p").files.values()][1] ?? Buffer.alloc(0);

const SNAPSHOT = JSON.stringify({
  time: "2026-11-26T22:37:24.123456789+01:00",
  tree: ID,
  paths: ["/home", "C:\\x"],
  hostname: "web",
  username: "root",
  tags: ["a"],
  program_version: "restic 0.18.0",
  summary: {
    backup_start: "2026-11-26T22:37:24Z",
    backup_end: "2026-11-26T22:38:24Z",
    total_files_processed: 3,
    data_added: 1e9,
  },
});

const LOCK = JSON.stringify({
  time: "2026-11-23T07:09:27.536252143-03:30",
  exclusive: false,
  hostname: "vm",
  username: "root",
  pid: 30_995,
});

const BLOB = { id: ID, type: "data", offset: 0, length: 100, uncompressed_length: 200 };
const INDEX = JSON.stringify({
  supersedes: [ID],
  packs: [
    { id: ID, blobs: [BLOB, { ...BLOB, type: "tree", uncompressed_length: undefined }] },
    { id: ID, blobs: [] },
  ],
  packs_to_delete: [{ id: ID, time: "2026-11-26T22:37:24Z", size: 100, blobs: [BLOB] }],
});

function decodedIndex(input: Buffer): unknown {
  const steps = decodeIndex(input);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The files of a repository. */
export const REPOSITORY: readonly Target[] = [
  {
    name: "sealed containers",
    seeds: [seal(Buffer.from(SNAPSHOT), material)],
    take: (input) => key.open(input),
    mayThrow: (error) => error instanceof SealError,
  },
  {
    name: "config",
    seeds: [JSON.stringify({ version: 2, id: ID, chunker_polynomial: "3999ee1b688dbd" })],
    take: (input) => decodeConfig(seal(input, material), key),
    heads: ["", "{"],
  },
  {
    name: "compressed files",
    seeds: [Buffer.concat([Buffer.of(2), zstdCompressSync(SNAPSHOT)])],
    take: (input) => unpack(input, 8 * MIB),
    mayThrow: plainError,
  },
  {
    name: "snapshots",
    seeds: [SNAPSHOT],
    take: (input) => decodeSnapshot(ID, input),
    mayThrow: plainError,
    heads: ["", '{"a":', '{"a":"', '{"a":['],
  },
  {
    name: "locks",
    seeds: [LOCK, Buffer.concat([Buffer.of(2), zstdCompressSync(LOCK)])],
    take: (input) => decodeLock(input),
    mayThrow: plainError,
    heads: ["", '{"time":', '{"hostname":"', '{"a":['],
  },
  {
    name: "index files",
    seeds: [INDEX, INDEX.slice(INDEX.indexOf("["), -1)],
    take: decodedIndex,
    mayThrow: plainError,
    heads: ["", '{"packs":[', '{"packs":[{"id":"', `{"packs":[{"id":"${ID}","blobs":[`],
  },
  {
    name: "key files",
    seeds: [keyFile],
    take: (input) => decodeKeyFile(input),
    mayThrow: plainError,
    heads: ["", '{"kdf":"scrypt","N":2,"r":1,"p":1,"salt":"'],
  },
  {
    name: "times of snapshots",
    seeds: ["2026-11-26T22:37:24.123456789+01:00", "2026-11-26T22:37:24Z"],
    take: (input) => parseInstant(input.toString()),
    heads: ["", "2026-11-26T22:37:24."],
  },
];
