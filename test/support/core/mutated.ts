import type { Dice } from "./dice.ts";

/** A damaged copy of `whole`; it may contain a part of `other`. */
export function mutated(dice: Dice, whole: Buffer, other: Buffer): Buffer {
  const at = dice.roll(whole.length);
  const from = dice.roll(other.length);
  const bytes = Buffer.from(whole);
  return dice.pick([
    () => flipped(dice, bytes, 1),
    () => flipped(dice, bytes, 1 + dice.roll(8)),
    () => flipped(dice, bytes.subarray(0, 24), 1 + dice.roll(3), bytes),
    () => bytes.fill(dice.roll(256), at, Math.min(at + 1 + dice.low(4), bytes.length)),
    () => bytes.subarray(0, at),
    () => Buffer.concat([bytes, dice.bytes(1 + dice.roll(8))]),
    () => Buffer.concat([bytes.subarray(0, at), dice.bytes(dice.roll(4)), bytes.subarray(at + 1)]),
    () => Buffer.concat([bytes.subarray(0, at), other.subarray(from)]),
    () => {
      other.copy(bytes, at, from, from + 1 + dice.low(16));
      return bytes;
    },
  ])();
}

function flipped(dice: Dice, part: Buffer, times: number, bytes = part): Buffer {
  for (let each = 0; each < times; each += 1) {
    const at = dice.roll(part.length);
    part[at] = (part[at] ?? 0) ^ (1 << dice.roll(8));
  }
  return bytes;
}
