import { positiveMs } from "../core/duration.ts";
import { AgentError } from "../core/error.ts";
import { Secret } from "../core/secret.ts";
import type { SecretReference, SecretResolver } from "../core/secret.ts";
import { INVENTORY_EXPECTED, parseInventory } from "./inventory.ts";
import { LOCKS_EXPECTED, parseLocks } from "./locks.ts";
import type { RepositorySettings } from "./repository-settings.ts";
import { parseOptions } from "./options.ts";
import { isJsonObject } from "../core/json.ts";
import { EntryReader } from "./expectations/entry-reader.ts";
import type { Problem } from "./problem.ts";
import { REPOSITORY_KEYS as KEYS, VARIABLE } from "./repository-schema.ts";
import { parseLocation } from "../backends/location.ts";
import { printableUrl } from "../backends/printable-url.ts";
import { literal, parseReference, SECRET_FORMS } from "../secrets/reference.ts";

export type { RepositorySettings };

export type Parsed =
  | { readonly value: RepositorySettings; readonly warnings: readonly Problem[] }
  | {
      readonly problems: readonly Problem[];
      /** The label `url`, if the entry is enabled and has a valid repository string. */
      readonly url?: string;
    };

/**
 * Checks one entry of `repositories`. Reports all problems at once.
 * @param customSchemes schemes of custom backends
 */
export function parseRepository(
  value: unknown,
  resolvers: ReadonlyMap<string, SecretResolver>,
  customSchemes: readonly string[] = [],
): Parsed {
  if (!isJsonObject(value))
    return {
      problems: [{ path: [], message: "must be a mapping with the keys repo and password" }],
    };
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const reader = new EntryReader(value, [], problems, KEYS);
  const parsed = readEntry({ reader, resolvers, customSchemes, warnings });
  if (parsed && problems.length === 0) return { value: parsed, warnings };
  const hasUrl = parsed?.disabled === false && parsed.url !== INVALID_URL;
  return { problems, ...(hasUrl && { url: parsed.url }) };
}

/** The label `url` of a string that is no location. */
const INVALID_URL = "(invalid)";

const TIMEOUT = 'must be a duration with its unit, like "30s" or "5m"';

interface Entry {
  readonly reader: EntryReader;
  readonly resolvers: ReadonlyMap<string, SecretResolver>;
  readonly customSchemes: readonly string[];
  readonly warnings: Problem[];
}

function readEntry(entry: Entry): RepositorySettings | undefined {
  const { reader, customSchemes } = entry;
  const disabled = reader.boolean("disabled");
  const insecureNoPassword = reader.boolean("insecure_no_password");
  // Variables and files often end with a newline.
  const repo = readText(reader, "repo")?.trim();
  const settings = {
    disabled,
    password: readPassword(entry),
    insecureNoPassword,
    environment: { ...readB2(entry), ...readEnvironment(entry) },
    options: parseOptions(reader.value("options"), customSchemes, (path, message) =>
      reader.problem(["options", ...path], message),
    ),
    connections: reader.count("connections"),
    insecureTls: reader.boolean("insecure_tls"),
    receivesCopies: reader.boolean("receivesCopies"),
    appendOnly: reader.boolean("appendOnly"),
    inventory: reader.parsed("inventory", parseInventory, INVENTORY_EXPECTED),
    locksEvery: reader.parsed("locks", parseLocks, LOCKS_EXPECTED),
    requestTimeoutMs: reader.parsed("request_timeout", positiveMs, TIMEOUT),
  };
  if (repo === undefined) {
    if (!reader.has("repo")) reader.problem([], "repo is missing: restic's repository string");
    return undefined;
  }
  const url = urlOf(repo, disabled, entry);
  if (!disabled) checkPassword(reader, insecureNoPassword);
  return { repo: new Secret(repo), url, ...settings };
}

/** The label `url`. An invalid string may contain a login in any place: nothing of it is shown. */
function urlOf(repo: string, disabled: boolean, { reader, customSchemes }: Entry): string {
  try {
    parseLocation(repo, customSchemes);
    return printableUrl(repo);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    if (!disabled) reader.problem(["repo"], error.message);
    return INVALID_URL;
  }
}

/** An enabled entry needs a password, or none explicitly. */
function checkPassword(reader: EntryReader, insecureNoPassword: boolean): void {
  const hasPassword = ["password", "vault_material"].some(
    (key) => reader.has(key) && reader.value(key) !== "",
  );
  if (insecureNoPassword && hasPassword)
    reader.problem(["insecure_no_password"], "a password is set as well: remove one of the two");
  if (!insecureNoPassword && !hasPassword)
    reader.problem([], `password is missing: ${SECRET_FORMS}, or insecure_no_password: true`);
}

function readPassword(entry: Entry): SecretReference | undefined {
  const { reader, warnings } = entry;
  const password = readSecret(entry, ["password"], reader.value("password"));
  const material = readText(reader, "vault_material");
  if (!material) return password;
  if (!password) return vault(material, "key");
  warnings.push({ path: ["vault_material"], message: "is ignored: password is set" });
  return password;
}

function readB2(entry: Entry): Readonly<Record<string, SecretReference>> {
  const { reader, warnings } = entry;
  const id = readText(reader, "b2_account_id");
  const key = readSecret(entry, ["b2_key"], reader.value("b2_key"));
  const material = readText(reader, "b2_vault_material");
  if (material && !key)
    return { B2_ACCOUNT_ID: vault(material, "id"), B2_ACCOUNT_KEY: vault(material, "key") };
  if (material)
    warnings.push({ path: ["b2_vault_material"], message: "is ignored: b2_key is set" });
  return { ...(id && { B2_ACCOUNT_ID: literal(id) }), ...(key && { B2_ACCOUNT_KEY: key }) };
}

function readEnvironment(entry: Entry): Readonly<Record<string, SecretReference>> {
  const { reader } = entry;
  const value = reader.value("environment");
  if (value === undefined) return {};
  if (!isJsonObject(value)) {
    reader.problem(["environment"], "must be a mapping from variables to values");
    return {};
  }
  const variables: Record<string, SecretReference> = {};
  for (const [name, given] of Object.entries(value)) {
    const path = ["environment", name];
    if (name.startsWith("RESTIC_PASSWORD"))
      reader.problem(path, "is not allowed here: use the key password");
    else if (name.startsWith("RESTIC_REPOSITORY"))
      reader.problem(path, "is not allowed here: use the key repo");
    else if (!VARIABLE.test(name)) reader.problem(path, "is not a valid variable name");
    // An empty value hides the variable of the process.
    const secret = given === "" ? literal("") : readSecret(entry, path, given);
    if (secret) variables[name] = secret;
  }
  return variables;
}

/** Undefined if the value is missing or empty, or a problem was reported. */
function readSecret(
  { reader, resolvers }: Entry,
  path: readonly string[],
  value: unknown,
): SecretReference | undefined {
  if (value === undefined || value === "") return undefined;
  const parsed = parseReference(value, resolvers);
  if (!("message" in parsed)) return parsed;
  return reader.problem([...path, ...parsed.path], parsed.message);
}

function readText(reader: EntryReader, key: string): string | undefined {
  const parse = (value: unknown): string | undefined =>
    typeof value === "string" ? value : undefined;
  return reader.parsed(key, parse, "must be text: put it in quotes");
}

/** restic-reporter keeps its material at the mount `kv/`. */
function vault(material: string, field: string): SecretReference {
  return { scheme: "vault", reference: { vault: `kv/${material}`, field } };
}
