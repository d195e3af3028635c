import { exceededBound } from "./json-bounds.ts";

/** A JSON object whose members are not checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A page of a listing has up to 10,000 objects of a few levels; secrets of Vault may be nested. */
const BOUNDS = { depth: 64, containers: 100_000, commas: 500_000 };

/** undefined: not valid JSON, or deeper or of more parts than any answer. The caller bounds the size. */
export function parseJson(json: Uint8Array | string): unknown {
  const bytes = typeof json === "string" ? Buffer.from(json) : json;
  if (exceededBound(bytes, BOUNDS) !== undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The parsed object; an empty one for anything else. */
export function parseJsonObject(json: Uint8Array | string): JsonObject {
  const value = parseJson(json);
  return isJsonObject(value) ? value : {};
}

/** A member that is an object; an empty one for anything else. */
export function member(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

/** A member that is a string and not empty. */
export function textMember(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
