import { isJsonObject } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import { exceededBound } from "../../core/json-bounds.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A snapshot has three levels, a few objects and some forty members; 100,000 paths have as many commas. */
const BOUNDS = { depth: 16, containers: 10_000, members: 20_000, commas: 250_000 };

/** A file exceeds a bound: reading it again is of no use. The message completes "the file …" and is safe to print. */
export class BoundError extends Error {
  override readonly name = "BoundError";
}

/** @throws Error whose message completes "the file …" and is safe to print; BoundError before the JSON is parsed */
export function parseObject(bytes: Uint8Array): JsonObject {
  checkBounds(bytes);
  return parseChecked(bytes);
}

/** @throws BoundError */
export function checkBounds(bytes: Uint8Array): void {
  const exceeded = exceededBound(bytes, BOUNDS);
  if (exceeded !== undefined) throw new BoundError(`has JSON with ${exceeded}`);
}

/** @param bytes JSON within the bounds @throws Error whose message completes "the file …" and is safe to print */
export function parseChecked(bytes: Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new Error("is not valid JSON");
  }
  if (!isJsonObject(value)) throw new Error("is not a JSON object");
  return value;
}

/** A string field; empty if it is absent or null. @throws Error for anything else */
export function text(object: JsonObject, field: string): string {
  const value = object[field] ?? "";
  if (typeof value !== "string") throw new Error(`has a "${field}" that is not a string`);
  return value;
}

/** A field that counts something; undefined for anything but a whole number from 0 to 2^53 - 1. */
export function count(object: JsonObject, field: string): number | undefined {
  const value = object[field];
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
