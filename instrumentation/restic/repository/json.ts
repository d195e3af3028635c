import { isJsonObject } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws Error with a short reason that may be shown */
export function parseObject(bytes: Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new Error("is not valid JSON");
  }
  if (!isJsonObject(value)) throw new Error("is not a JSON object");
  return value;
}

/** A field that may be absent or null: its text, or the empty string. @throws Error if it is anything else */
export function text(object: JsonObject, field: string): string {
  const value = object[field] ?? "";
  if (typeof value !== "string") throw new Error(`has a "${field}" that is not text`);
  return value;
}

/** A counter that may be absent or null. Undefined too for what is not a finite number. */
export function count(object: JsonObject, field: string): number | undefined {
  const value = object[field];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
