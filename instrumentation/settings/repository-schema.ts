import { DURATION } from "../core/duration.ts";
import { described, mapping, SECRET, TEXT } from "../core/json-schema.ts";
import type { JsonSchema, Properties } from "../core/json-schema.ts";
import { INVENTORY_SCHEMA } from "./inventory.ts";
import { LOCKS_SCHEMA } from "./locks.ts";
import { OPTIONS_SCHEMA } from "./options.ts";

/** The name of an environment variable. */
export const VARIABLE: RegExp = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `null`, an empty value in YAML, is false. */
const FLAG: JsonSchema = { type: ["boolean", "null"] };

const PROPERTIES: Properties = {
  repo: described("restic's repository string", TEXT),
  password: described("password of the repository", SECRET),
  insecure_no_password: described("the repository was made with --insecure-no-password", FLAG),
  environment: described("variables for this repository, such as AWS_ACCESS_KEY_ID", {
    type: "object",
    propertyNames: { pattern: `^(?!RESTIC_PASSWORD|RESTIC_REPOSITORY)${VARIABLE.source.slice(1)}` },
    additionalProperties: SECRET,
  }),
  options: described("restic's options (-o)", OPTIONS_SCHEMA),
  connections: described("maximum parallel requests; default: 20", { type: "integer", minimum: 1 }),
  insecure_tls: described("accept any certificate of the server", FLAG),
  receivesCopies: described("restic copy writes to it: old snapshots may appear", FLAG),
  appendOnly: described("snapshots are only ever added: one that is missing is a violation", FLAG),
  inventory: described(
    "compare the index with the packs this often, or off; default: that of the agent",
    INVENTORY_SCHEMA,
  ),
  locks: described(
    "look at the locks this often, or off; default: that of the agent",
    LOCKS_SCHEMA,
  ),
  request_timeout: described("how long the server may take to begin an answer", DURATION),
  disabled: described("check the entry, but do not collect it", FLAG),
  vault_material: described("as in restic-reporter: the field key of this path at kv/", TEXT),
  b2_vault_material: described("as in restic-reporter: the fields id and key of this path", TEXT),
  b2_account_id: described("B2_ACCOUNT_ID", TEXT),
  b2_key: described("B2_ACCOUNT_KEY", SECRET),
};

/** The keys of an entry. */
export const REPOSITORY_KEYS: readonly string[] = Object.keys(PROPERTIES);

const YES: JsonSchema = { const: true };
const set = (key: string, value: JsonSchema): JsonSchema => ({
  properties: { [key]: value },
  required: [key],
});
const HAS_PASSWORD: JsonSchema = {
  anyOf: ["password", "vault_material"].map((key) => set(key, { not: { const: "" } })),
};

/** One entry of `repositories`. An enabled one needs either a password or `insecure_no_password`. */
export const REPOSITORY_SCHEMA: JsonSchema = {
  ...mapping(PROPERTIES, ["repo"]),
  anyOf: [
    set("disabled", YES),
    {
      properties: { repo: { type: "string", pattern: "\\S" } },
      oneOf: [set("insecure_no_password", YES), HAS_PASSWORD],
    },
  ],
};
