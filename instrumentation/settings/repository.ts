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
  const reader = new EntryReader(value, [], problems, KEYS);
  const entry = new RepositoryReader(reader, resolvers, customSchemes);
  const parsed = entry.read();
  if (parsed && problems.length === 0) return { value: parsed, warnings: entry.warnings };
  const hasUrl = parsed?.disabled === false && parsed.url !== INVALID_URL;
  return { problems, ...(hasUrl && { url: parsed.url }) };
}

/** The label `url` of a string that is no location. */
const INVALID_URL = "(invalid)";

class RepositoryReader {
  readonly warnings: Problem[] = [];
  readonly #reader: EntryReader;
  readonly #resolvers: ReadonlyMap<string, SecretResolver>;
  readonly #customSchemes: readonly string[];

  constructor(
    reader: EntryReader,
    resolvers: ReadonlyMap<string, SecretResolver>,
    customSchemes: readonly string[],
  ) {
    this.#reader = reader;
    this.#resolvers = resolvers;
    this.#customSchemes = customSchemes;
  }

  read(): RepositorySettings | undefined {
    const reader = this.#reader;
    const disabled = reader.boolean("disabled");
    const insecureNoPassword = reader.boolean("insecure_no_password");
    // Variables and files often end with a newline.
    const repo = this.#text("repo")?.trim();
    const password = this.#password();
    const environment = { ...this.#b2(), ...this.#environment() };
    const options = parseOptions(reader.value("options"), this.#customSchemes, (path, message) =>
      reader.problem(["options", ...path], message),
    );
    const connections = reader.count("connections");
    const insecureTls = reader.boolean("insecure_tls");
    const receivesCopies = reader.boolean("receivesCopies");
    const appendOnly = reader.boolean("appendOnly");
    const inventory = reader.parsed("inventory", parseInventory, INVENTORY_EXPECTED);
    const locksEvery = reader.parsed("locks", parseLocks, LOCKS_EXPECTED);
    const requestTimeoutMs = reader.parsed("request_timeout", positiveMs, TIMEOUT);
    if (repo === undefined) {
      if (!reader.has("repo")) reader.problem([], "repo is missing: restic's repository string");
      return undefined;
    }
    const url = this.#url(repo, disabled);
    if (!disabled) this.#checkPassword(insecureNoPassword);
    return {
      repo: new Secret(repo),
      url,
      disabled,
      password,
      insecureNoPassword,
      environment,
      options,
      connections,
      insecureTls,
      receivesCopies,
      appendOnly,
      inventory,
      locksEvery,
      requestTimeoutMs,
    };
  }

  /** The label `url`. An invalid string may contain a login in any place: nothing of it is shown. */
  #url(repo: string, disabled: boolean): string {
    try {
      parseLocation(repo, this.#customSchemes);
      return printableUrl(repo);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      if (!disabled) this.#reader.problem(["repo"], error.message);
      return INVALID_URL;
    }
  }

  /** An enabled entry needs a password, or none explicitly. */
  #checkPassword(insecureNoPassword: boolean): void {
    const hasPassword = ["password", "vault_material"].some(
      (key) => this.#reader.has(key) && this.#reader.value(key) !== "",
    );
    if (insecureNoPassword && hasPassword)
      this.#reader.problem(
        ["insecure_no_password"],
        "a password is set as well: remove one of the two",
      );
    if (!insecureNoPassword && !hasPassword)
      this.#reader.problem(
        [],
        `password is missing: ${SECRET_FORMS}, or insecure_no_password: true`,
      );
  }

  #password(): SecretReference | undefined {
    const password = this.#secret(["password"], this.#reader.value("password"));
    const material = this.#text("vault_material");
    if (!material) return password;
    if (!password) return vault(material, "key");
    this.warnings.push({ path: ["vault_material"], message: "is ignored: password is set" });
    return password;
  }

  #b2(): Readonly<Record<string, SecretReference>> {
    const id = this.#text("b2_account_id");
    const key = this.#secret(["b2_key"], this.#reader.value("b2_key"));
    const material = this.#text("b2_vault_material");
    if (material && !key)
      return { B2_ACCOUNT_ID: vault(material, "id"), B2_ACCOUNT_KEY: vault(material, "key") };
    if (material)
      this.warnings.push({ path: ["b2_vault_material"], message: "is ignored: b2_key is set" });
    return { ...(id && { B2_ACCOUNT_ID: literal(id) }), ...(key && { B2_ACCOUNT_KEY: key }) };
  }

  #environment(): Readonly<Record<string, SecretReference>> {
    const value = this.#reader.value("environment");
    if (value === undefined) return {};
    if (!isJsonObject(value)) {
      this.#reader.problem(["environment"], "must be a mapping from variables to values");
      return {};
    }
    const variables: Record<string, SecretReference> = {};
    for (const [name, given] of Object.entries(value)) {
      const path = ["environment", name];
      if (name.startsWith("RESTIC_PASSWORD"))
        this.#reader.problem(path, "is not allowed here: use the key password");
      else if (name.startsWith("RESTIC_REPOSITORY"))
        this.#reader.problem(path, "is not allowed here: use the key repo");
      else if (!VARIABLE.test(name)) this.#reader.problem(path, "is not a valid variable name");
      // An empty value hides the variable of the process.
      const secret = given === "" ? literal("") : this.#secret(path, given);
      if (secret) variables[name] = secret;
    }
    return variables;
  }

  /** Undefined if the value is missing or empty, or a problem was reported. */
  #secret(path: readonly string[], value: unknown): SecretReference | undefined {
    if (value === undefined || value === "") return undefined;
    const parsed = parseReference(value, this.#resolvers);
    if (!("message" in parsed)) return parsed;
    this.#reader.problem([...path, ...parsed.path], parsed.message);
    return undefined;
  }

  #text(key: string): string | undefined {
    const parse = (value: unknown): string | undefined =>
      typeof value === "string" ? value : undefined;
    return this.#reader.parsed(key, parse, "must be text: put it in quotes");
  }
}

const TIMEOUT = 'must be a duration with its unit, like "30s" or "5m"';

/** restic-reporter keeps its material at the mount `kv/`. */
function vault(material: string, field: string): SecretReference {
  return { scheme: "vault", reference: { vault: `kv/${material}`, field } };
}
