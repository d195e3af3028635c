import type { HttpResponse } from "../../http/client.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An answer, or the content of a file, as JSON; undefined if it is none. */
export function parsedJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

/** An answer as an object of JSON; an empty one for anything else. */
export function jsonObject({ body }: Pick<HttpResponse, "body">): JsonObject {
  const parsed = parsedJson(body);
  return isJsonObject(parsed) ? parsed : {};
}

/** A member that is an object; an empty one for anything else. */
export function member(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

/** A member that is a text which is not empty. */
export function textOf(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
