import { DURATION, positiveMs } from "../core/duration.ts";
import { isJsonObject, parseJson } from "../core/json.ts";
import { described, mapping } from "../core/json-schema.ts";
import type { JsonSchema } from "../core/json-schema.ts";
import { parseSize, SIZE_SCHEMA } from "../core/size.ts";

/** Settings of the inventories of one repository. */
export interface InventorySettings {
  /** Time from one inventory to the next, milliseconds. */
  readonly everyMs: number;
  /** Bytes of index files that one inventory may receive. */
  readonly maxIndexBytes: number;
  /** An inventory lists one of so many parts of `data/`, 1 to 256. */
  readonly slices: number;
  /** Blobs up to which each is counted once. */
  readonly exactBlobs: number;
  /** Time limit of one inventory, milliseconds. */
  readonly timeoutMs: number;
}

/** The given ones of the settings, or no inventories. */
export type InventoryGiven = Partial<InventorySettings> | "off";

const DEFAULTS: InventorySettings = {
  everyMs: 24 * 3_600_000,
  maxIndexBytes: 512 * 2 ** 20,
  slices: 1,
  exactBlobs: 4_000_000,
  timeoutMs: 3_600_000,
};

const WHOLE = (maximum: number): JsonSchema => ({ type: "integer", minimum: 1, maximum });

const MAX_SLICES = 256;
const MAX_BLOBS = 100_000_000;

export const INVENTORY_SCHEMA: JsonSchema = {
  anyOf: [
    mapping({
      every: described("time from one inventory to the next; default: 24h", DURATION),
      maxIndexBytes: described(
        "index files that one inventory may read; default: 512MiB",
        SIZE_SCHEMA,
      ),
      slices: described("parts of data/, one a time; default: 1", WHOLE(MAX_SLICES)),
      exactBlobs: described(
        "blobs up to which each counts once; default: 4000000",
        WHOLE(MAX_BLOBS),
      ),
      timeout: described("time limit of one inventory; default: 1h", DURATION),
    }),
    DURATION,
    { type: "string", pattern: "^\\s*\\{" },
    { enum: ["off", false] },
  ],
};

export const INVENTORY_EXPECTED =
  "must be {every: 24h}, with maxIndexBytes, slices (1 to 256), exactBlobs and timeout if needed, or off";

/** A mapping; a duration, or a mapping as JSON, as in a variable; `off` or false; undefined: invalid. */
export function parseInventory(value: unknown): InventoryGiven | undefined {
  if (value === "off" || value === false) return "off";
  if (typeof value === "string")
    return parseInventory(isJson(value) ? parseJson(value) : { every: value });
  if (!isJsonObject(value)) return undefined;
  const given: Partial<Record<keyof InventorySettings, number>> = {};
  for (const [key, text] of Object.entries(value)) {
    const [name, number] = parseMember(key, text) ?? [];
    if (name === undefined || number === undefined) return undefined;
    given[name] = number;
  }
  return given;
}

function parseMember(
  key: string,
  value: unknown,
): readonly [name: keyof InventorySettings, number: number | undefined] | undefined {
  switch (key) {
    case "every":
      return ["everyMs", positiveMs(value)];
    case "timeout":
      return ["timeoutMs", positiveMs(value)];
    case "maxIndexBytes":
      return ["maxIndexBytes", size(value)];
    case "slices":
      return ["slices", whole(value, MAX_SLICES)];
    case "exactBlobs":
      return ["exactBlobs", whole(value, MAX_BLOBS)];
    default:
      return undefined;
  }
}

function isJson(text: string): boolean {
  return text.trimStart().startsWith("{");
}

function size(value: unknown): number | undefined {
  const bytes =
    typeof value === "number" || typeof value === "string" ? parseSize(String(value)) : undefined;
  return bytes !== undefined && bytes > 0 ? bytes : undefined;
}

function whole(value: unknown, max: number): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max
    ? value
    : undefined;
}

/**
 * The settings of one repository; undefined: it has no inventories.
 * @param own those of its entry
 * @param shared those of all repositories
 */
export function inventoryOf(
  own: InventoryGiven | undefined,
  shared: InventoryGiven | undefined,
): InventorySettings | undefined {
  const given = own ?? shared;
  if (given === undefined || given === "off") return undefined;
  return { ...DEFAULTS, ...(shared === "off" ? {} : shared), ...given };
}
