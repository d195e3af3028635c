import type { JsonSchema } from "../../instrumentation/core/json-schema.ts";
import { described, mapping, TEXT } from "../../instrumentation/core/json-schema.ts";
import { resolversWith } from "../../instrumentation/secrets/resolvers.ts";
import { EXPECTATION_SCHEMAS } from "../../instrumentation/settings/expectations/schema.ts";
import { REPOSITORY_SCHEMA } from "../../instrumentation/settings/repository-schema.ts";
import { disabledResolver } from "../../instrumentation/vault/reference.ts";
import { VAULT_SCHEMA } from "../../instrumentation/vault/settings.ts";
import { OTLP_SCHEMA } from "../../src/settings/otlp.ts";
import { settingNames, SETTINGS } from "../../src/settings/schema.ts";
import type { Setting } from "../../src/settings/schema.ts";

export const SCHEMA = new URL("../../docs/restic-otel.schema.json", import.meta.url);

/** The settings file of the agent, as a JSON Schema. It is made of the tables that the agent checks a file with. */
function settingsSchema(): JsonSchema {
  const secrets = [...resolversWith([disabledResolver("")]).values()].flatMap(({ schema }) =>
    schema === undefined ? [] : [schema],
  );
  const repositories = described("the repositories to collect", {
    type: "array",
    items: { $ref: "#/definitions/repository" },
  });
  const settings = settingNames()
    .filter((name) => name !== "config")
    .map((name) => {
      const { doc, default: initial, format }: Setting<unknown> = SETTINGS[name];
      const text = initial === "" ? doc : `${doc}; default: ${initial}`;
      return [name, described(text, format.schema)] as const;
    });
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "settings of restic-otel",
    definitions: {
      secret: described("text, or where the secret comes from", { anyOf: [TEXT, ...secrets] }),
      repository: REPOSITORY_SCHEMA,
    },
    anyOf: [
      mapping(
        {
          repositories,
          ...Object.fromEntries(settings),
          ...EXPECTATION_SCHEMAS,
          otlp: described("OTLP receivers", { type: "array", items: OTLP_SCHEMA }),
          vault: described("HashiCorp Vault", VAULT_SCHEMA),
        },
        ["repositories"],
      ),
      repositories,
    ],
  };
}

/** The content of the file. */
export function settingsSchemaFile(): string {
  return `${JSON.stringify(settingsSchema(), undefined, 2)}\n`;
}
