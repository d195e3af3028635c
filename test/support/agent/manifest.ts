import { isJsonObject } from "../../../instrumentation/core/json.ts";

/** What lies at that path of a manifest. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((found, step) => {
    if (Array.isArray(found)) return found[Number(step)];
    return isJsonObject(found) ? found[step] : undefined;
  }, value);
}

/** As `at`. @throws Error if it is no text */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  if (typeof found !== "string") throw new Error(`no text at ${path.join(".")}`);
  return found;
}

/** Kind and name of each, in their order. */
export function kindsOf(manifests: readonly unknown[]): readonly string[] {
  return manifests.map((one) => `${textAt(one, "kind")} ${textAt(one, "metadata", "name")}`);
}
