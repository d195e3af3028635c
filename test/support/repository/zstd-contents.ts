import type { Dice } from "../core/dice.ts";

/** What frames are made of: from what restic writes to what makes an encoder take its rarer ways. */
export const CONTENTS: Readonly<Record<string, (dice: Dice, size: number) => Buffer>> = {
  snapshots: (dice, size) => upTo(size, () => JSON.stringify(snapshot(dice))),
  chance: (dice, size) => dice.bytes(size),
  "few symbols": (dice, size) => dice.bytes(size, 1 + dice.roll(20)),
  "unequal symbols": (dice, size) => {
    const sides = 2 + dice.roll(255);
    return Buffer.from(Array.from({ length: size }, () => dice.low(sides)));
  },
  "one symbol": (dice, size) => Buffer.alloc(size, dice.roll(256)),
  "one symbol, here and there others": (dice, size) => {
    const bytes = Buffer.alloc(size, dice.roll(256));
    const others = size === 0 ? 0 : dice.roll(20);
    for (let each = 0; each < others; each += 1) bytes[dice.roll(size)] = dice.roll(256);
    return bytes;
  },
  "records with a number": (dice, size) => {
    const record = dice.bytes(3 + dice.roll(40));
    return upTo(size, () => Buffer.concat([record, dice.bytes(dice.pick([1, 2, 4]), 3)]));
  },
  "pieces again": (dice, size) => {
    const pieces = Array.from({ length: 30 }, () => dice.bytes(3 + dice.low(60), 64));
    return upTo(size, () => (dice.roll(5) === 0 ? dice.bytes(dice.low(30)) : dice.pick(pieces)));
  },
  "pieces of what was before, one symbol between": (dice, size) => {
    let bytes = dice.bytes(Math.min(size, 2048), 255);
    while (bytes.length < size) {
      const from = bytes.length - 1900 + dice.roll(1800);
      const piece = bytes.subarray(from, from + 10 + dice.roll(9));
      bytes = Buffer.concat([bytes, piece, Buffer.of(255)]);
    }
    return bytes.subarray(0, size);
  },
  "parts of all kinds": (dice, size) =>
    upTo(size, () => {
      const part = 1 + dice.roll(3000);
      return dice.pick([
        () => dice.bytes(part),
        () => Buffer.alloc(part, dice.roll(256)),
        () => dice.bytes(part, 5),
        () => Buffer.from(JSON.stringify(snapshot(dice))),
      ])();
    }),
};

function snapshot(dice: Dice): object {
  return {
    time: `2024-0${1 + dice.roll(9)}-1${dice.roll(10)}T12:00:00.${dice.roll(1e9)}+02:00`,
    parent: dice.hex(64),
    tree: dice.hex(64),
    paths: [`/srv/customer-${dice.roll(100)}`, "/etc"],
    hostname: `host-${dice.roll(100)}`,
    username: "root",
    program_version: "restic 0.18.0",
    summary: { files_new: dice.roll(1e4), data_added: dice.roll(1e9), total_bytes: dice.roll(1e9) },
  };
}

function upTo(size: number, next: () => Buffer | string): Buffer {
  const parts: Buffer[] = [];
  for (let length = 0; length < size; length += parts.at(-1)?.length ?? 0)
    parts.push(Buffer.from(next()));
  return Buffer.concat(parts).subarray(0, size);
}
