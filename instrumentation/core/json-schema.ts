/** A JSON Schema, draft 7. Settings have one beside each check: `npm run docs` writes docs/restic-otel.schema.json from them. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Schemas by the key of a mapping. The parser of the mapping accepts exactly these keys. */
export type Properties = Readonly<Record<string, JsonSchema>>;

export const TEXT: JsonSchema = { type: "string" };

export const NOT_EMPTY: JsonSchema = { type: "string", minLength: 1 };

export const BOOLEAN: JsonSchema = { type: "boolean" };

/** Text or a reference; defined once, from the resolvers. */
export const SECRET: JsonSchema = { $ref: "#/definitions/secret" };

/** A mapping without other keys. */
export function mapping(properties: Properties, required: readonly string[] = []): JsonSchema {
  return {
    type: "object",
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** The schema with a text that an editor shows. */
export function described(description: string, schema: JsonSchema): JsonSchema {
  return { description, ...schema };
}
