import { isJsonObject } from "../../../instrumentation/core/json.ts";

/** The value at a path of a manifest; undefined: there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((found, step) => {
    if (Array.isArray(found)) return found[Number(step)];
    return isJsonObject(found) ? found[step] : undefined;
  }, value);
}

/** The string at a path of a manifest. @throws Error if it is not a string */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  if (typeof found !== "string") throw new Error(`not a string: ${path.join(".")}`);
  return found;
}

/** Kind and name of each manifest, in order. */
export function kindsOf(manifests: readonly unknown[]): readonly string[] {
  return manifests.map((one) => `${textAt(one, "kind")} ${textAt(one, "metadata", "name")}`);
}
