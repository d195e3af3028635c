import { ArrayReader } from "./array-reader.ts";

/**
 * The names in a listing of a REST server: version 2 lists names and sizes, version 1 names alone. Other files in the folder may be
 * listed too. undefined: the body is not a listing.
 */
export function listedNames(body: Buffer): readonly string[] | undefined {
  const names: string[] = [];
  const reader = new ArrayReader((entry) => names.push(...nameOf(entry)));
  try {
    reader.push(body);
    reader.end();
    return names;
  } catch {
    return undefined;
  }
}

function nameOf(entry: unknown): readonly string[] {
  if (typeof entry === "string") return [entry];
  if (typeof entry !== "object" || entry === null || !("name" in entry)) return [];
  return typeof entry.name === "string" ? [entry.name] : [];
}
