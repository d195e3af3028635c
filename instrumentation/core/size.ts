import type { JsonSchema } from "./json-schema.ts";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const SIZE = /^(\d{1,15}(?:\.\d{1,3})?) ?(|B|[kKMGT]B|[KMGT]iB)$/;

export const SIZE_SCHEMA: JsonSchema = {
  type: ["number", "string"],
  minimum: 0,
  pattern: SIZE.source,
};

/** A size such as `1GiB`, `1.5 MB` or `4096` in whole bytes; undefined: not a size. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit = ""] = SIZE.exec(text) ?? [];
  const factor = UNITS[unit];
  return digits === undefined || factor === undefined
    ? undefined
    : Math.round(Number(digits) * factor);
}
