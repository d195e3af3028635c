import { AgentError } from "../core/error.ts";
import { Secret } from "../core/secret.ts";
import type { SecretReference, SecretResolver } from "../core/secret.ts";
import { parseOptions } from "./options.ts";
import { isJsonObject } from "../core/json.ts";
import { unknownKey } from "./problem.ts";
import type { Problem } from "./problem.ts";
import { parseLocation } from "../backends/location.ts";
import { printableUrl } from "../backends/printable-url.ts";
import { CHOICES, literal, parseReference } from "../secrets/reference.ts";

/** One repository, checked. */
export interface RepositorySettings {
  /** restic's own repository string as configured; it may hold credentials. */
  readonly repo: Secret;
  /** The same without credentials: the label `url`. */
  readonly url: string;
  readonly disabled: boolean;
  /** Undefined with `insecureNoPassword`, and for a disabled one. */
  readonly password: SecretReference | undefined;
  readonly insecureNoPassword: boolean;
  /** Variables for this repository alone. */
  readonly environment: Readonly<Record<string, SecretReference>>;
  /** restic's `-o` options. */
  readonly options: Readonly<Record<string, string>>;
  /** Requests that may be under way at once; undefined for the default. */
  readonly connections: number | undefined;
  /** Any certificate of a server will do. */
  readonly insecureTls: boolean;
}

export type Parsed =
  | { readonly value: RepositorySettings; readonly warnings: readonly Problem[] }
  | {
      readonly problems: readonly Problem[];
      /** Of one that is to be collected, as far as it can be told. */
      readonly url?: string;
    };

const KEYS = [
  "repo",
  "password",
  "insecure_no_password",
  "environment",
  "options",
  "connections",
  "insecure_tls",
  "disabled",
  "vault_material",
  "b2_vault_material",
  "b2_account_id",
  "b2_key",
];

/**
 * Checks one entry of `repositories`; all that is wrong is reported at once.
 * @param custom schemes for which an embedder supplies the backend
 */
export function parseRepository(
  value: unknown,
  resolvers: ReadonlyMap<string, SecretResolver>,
  custom: readonly string[] = [],
): Parsed {
  if (!isJsonObject(value))
    return {
      problems: [{ path: [], message: "must be a mapping with the keys repo and password" }],
    };
  const reader = new EntryReader(value, resolvers, custom);
  const parsed = reader.read();
  if (parsed && reader.problems.length === 0) return { value: parsed, warnings: reader.warnings };
  return { problems: reader.problems, ...(parsed?.disabled === false && { url: parsed.url }) };
}

class EntryReader {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #entry: Readonly<Record<string, unknown>>;
  readonly #resolvers: ReadonlyMap<string, SecretResolver>;
  readonly #custom: readonly string[];

  constructor(
    entry: Readonly<Record<string, unknown>>,
    resolvers: ReadonlyMap<string, SecretResolver>,
    custom: readonly string[],
  ) {
    this.#entry = entry;
    this.#resolvers = resolvers;
    this.#custom = custom;
  }

  read(): RepositorySettings | undefined {
    for (const key of Object.keys(this.#entry))
      if (!KEYS.includes(key)) this.#problem([key], unknownKey(key, KEYS));
    const disabled = this.#boolean("disabled");
    const insecureNoPassword = this.#boolean("insecure_no_password");
    const repo = this.#text("repo");
    const password = this.#password();
    const environment = { ...this.#b2(), ...this.#environment() };
    const options = parseOptions(this.#entry["options"], this.#custom, (path, message) =>
      this.#problem(["options", ...path], message),
    );
    const connections = this.#connections();
    const insecureTls = this.#boolean("insecure_tls");
    if (repo === undefined) {
      if (!("repo" in this.#entry))
        this.#problem([], "repo is missing: restic's repository string");
      return undefined;
    }
    if (!disabled) this.#enabled(repo, insecureNoPassword);
    return {
      repo: new Secret(repo),
      url: printableUrl(repo),
      disabled,
      password,
      insecureNoPassword,
      environment,
      options,
      connections,
      insecureTls,
    };
  }

  /** What only an entry that is collected must fulfil. */
  #enabled(repo: string, insecureNoPassword: boolean): void {
    try {
      parseLocation(repo, this.#custom);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      this.#problem(["repo"], error.message);
    }
    const tried = ["password", "vault_material"].some(
      (key) => this.#entry[key] !== undefined && this.#entry[key] !== "",
    );
    if (insecureNoPassword && tried)
      this.#problem(["insecure_no_password"], "there is a password as well: remove one of the two");
    if (!insecureNoPassword && !tried) {
      this.#problem([], `password is missing: ${CHOICES}, or insecure_no_password: true`);
    }
  }

  #password(): SecretReference | undefined {
    const own = this.#secret(["password"], this.#entry["password"]);
    const material = this.#text("vault_material");
    if (!material) return own;
    if (!own) return vault(material, "key");
    this.warnings.push({ path: ["vault_material"], message: "is not used, password wins" });
    return own;
  }

  #b2(): Readonly<Record<string, SecretReference>> {
    const id = this.#text("b2_account_id");
    const key = this.#secret(["b2_key"], this.#entry["b2_key"]);
    const material = this.#text("b2_vault_material");
    if (material && !key)
      return { B2_ACCOUNT_ID: vault(material, "id"), B2_ACCOUNT_KEY: vault(material, "key") };
    if (material)
      this.warnings.push({ path: ["b2_vault_material"], message: "is not used, b2_key wins" });
    return { ...(id && { B2_ACCOUNT_ID: literal(id) }), ...(key && { B2_ACCOUNT_KEY: key }) };
  }

  #environment(): Readonly<Record<string, SecretReference>> {
    const value = this.#entry["environment"];
    if (value === undefined) return {};
    if (!isJsonObject(value)) {
      this.#problem(["environment"], "must be a mapping from variables to values");
      return {};
    }
    const variables: Record<string, SecretReference> = {};
    for (const [name, given] of Object.entries(value)) {
      const path = ["environment", name];
      if (name.startsWith("RESTIC_PASSWORD"))
        this.#problem(path, "is not read here, use the key password");
      else if (name.startsWith("RESTIC_REPOSITORY"))
        this.#problem(path, "is not read here, use the key repo");
      else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        this.#problem(path, "is no name of a variable");
      // An empty one hides that of the process.
      const secret = given === "" ? literal("") : this.#secret(path, given);
      if (secret) variables[name] = secret;
    }
    return variables;
  }

  #connections(): number | undefined {
    const value = this.#entry["connections"];
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= 1) return value;
    this.#problem(["connections"], "must be a whole number from 1");
    return undefined;
  }

  /** Undefined for what is not there, and for what is wrong. */
  #secret(path: readonly string[], value: unknown): SecretReference | undefined {
    if (value === undefined || value === "") return undefined;
    const parsed = parseReference(value, this.#resolvers);
    if (!("message" in parsed)) return parsed;
    this.#problem([...path, ...parsed.path], parsed.message);
    return undefined;
  }

  #text(key: string): string | undefined {
    const value = this.#entry[key];
    if (value === undefined) return undefined;
    if (typeof value === "string") return value;
    this.#problem([key], "must be text: put it in quotes");
    return undefined;
  }

  #boolean(key: string): boolean {
    const value = this.#entry[key] ?? false;
    if (typeof value === "boolean") return value;
    this.#problem([key], "must be true or false");
    return false;
  }

  #problem(path: readonly (string | number)[], message: string): void {
    this.problems.push({ path, message });
  }
}

/** The material of restic-reporter lies at the mount `kv/`. */
function vault(material: string, field: string): SecretReference {
  return { scheme: "vault", reference: { vault: `kv/${material}`, field } };
}
