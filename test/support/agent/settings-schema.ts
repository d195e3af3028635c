import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Ajv } from "ajv";
import { parseDocument } from "yaml";

/** The JSON Schema that the package contains. */
export const SCHEMA_FILE: string = join(
  import.meta.dirname,
  "../../../docs/restic-otel.schema.json",
);

/** Its content. */
export const SETTINGS_SCHEMA: object = JSON.parse(readFileSync(SCHEMA_FILE, "utf8"));

const validate = new Ajv({ allowUnionTypes: true }).compile(SETTINGS_SCHEMA);

/** Whether an editor with the schema accepts a settings file. */
export function isValidSettings(content: string): boolean {
  const document = parseDocument(content, { logLevel: "silent" });
  return document.errors.length === 0 && validate(document.toJS());
}
