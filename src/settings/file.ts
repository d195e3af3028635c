import { readFile, stat } from "node:fs/promises";

import {
  AgentError,
  isRecord,
  VAULT_DISABLED,
  parseRepository,
  unknownKey,
} from "restic-otel-instrumentation/internal";
import type {
  Problem,
  RepositorySettings,
  SecretResolver,
} from "restic-otel-instrumentation/internal";

import { SettingsDocument } from "./document.ts";
import { parseOtlp } from "./otlp.ts";
import type { OtlpEndpoint } from "./otlp.ts";
import { FILE_SETTINGS, SETTINGS } from "./schema.ts";
import type { Setting } from "./schema.ts";
import { shardText } from "./shard.ts";
import type { VaultSection } from "./vault.ts";

/** Thousands of repositories are a few MiB. */
const MAX_BYTES = 16 * 2 ** 20;

/** What a file says, as far as it is right. */
export interface FileSettings {
  /** By name, as written. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Disabled ones too. */
  readonly repositories: readonly RepositorySettings[];
  /** Undefined if the file says nothing of it. */
  readonly otlp: readonly OtlpEndpoint[] | undefined;
  readonly vault: VaultSection["value"];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** What may stand in settings beside what is built in. */
export interface Known {
  readonly resolvers: ReadonlyMap<string, SecretResolver>;
  /** Schemes for which an embedder supplies the backend. */
  readonly backends: readonly string[];
  /** What the section `vault` means, be it there or not. */
  readonly vault: (section: unknown) => VaultSection;
}

/** @throws AgentError `config` if there is no such file */
export async function readSettingsFile(file: string, known: Known): Promise<FileSettings> {
  return parseSettingsFile(new SettingsDocument(file, await read(file)), known);
}

async function read(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES)
      throw new AgentError(
        "config",
        `${file}: has ${size} bytes, more than a settings file can have (${MAX_BYTES})`,
      );
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof AgentError || !(error instanceof Error) || !("code" in error)) throw error;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT:
        "there is no such file: name one with --config, or set RESTIC_REPOSITORY for a single repository",
      EISDIR: "is a directory: name a file with --config",
      EACCES: "may not be read by this user",
    };
    throw new AgentError(
      "config",
      `${file}: ${reasons[String(error.code)] ?? `cannot be read (${String(error.code)})`}`,
      { cause: error },
    );
  }
}

function parseSettingsFile(document: SettingsDocument, known: Known): FileSettings {
  const nothing = {
    values: {},
    repositories: [],
    otlp: undefined,
    vault: VAULT_DISABLED,
    warnings: [],
  };
  if (document.problems.length > 0) return { ...nothing, problems: document.problems };
  const { value } = document;
  if (value === null || value === undefined) {
    return {
      ...nothing,
      problems: [
        `${document.file}: is empty: a list of repositories, or a mapping with the key repositories, is needed`,
      ],
    };
  }
  if (Array.isArray(value))
    return withVault(document, undefined, known, {
      ...nothing,
      ...parseRepositories(document, value, [], known),
    });
  if (!isRecord(value))
    return {
      ...nothing,
      problems: [
        document.problem(
          [],
          "must be a list of repositories, or a mapping with the key repositories",
        ),
      ],
    };
  return parseMapping(document, value, known);
}

function parseMapping(
  document: SettingsDocument,
  value: Readonly<Record<string, unknown>>,
  known: Known,
): FileSettings {
  const { repositories: list, otlp: endpoints, vault, ...values } = value;
  const settings: Readonly<Record<string, Setting<unknown> | undefined>> = SETTINGS;
  const problems = Object.entries(values).flatMap(([name, given]) => {
    const setting = FILE_SETTINGS.includes(name) ? settings[name] : undefined;
    const message = setting
      ? setting.format.check(given)
      : unknownKey(name, ["repositories", "otlp", "vault", ...FILE_SETTINGS]);
    return message === undefined ? [] : [document.problem([name], message)];
  });
  const otlp = endpoints === undefined ? undefined : parseOtlp(endpoints, known.resolvers);
  problems.push(
    ...(otlp?.problems ?? []).map(({ path, message }) =>
      document.problem(["otlp", ...path], message),
    ),
  );
  if (list === undefined)
    problems.push(document.problem([], "repositories is missing: the list of them"));
  else if (!Array.isArray(list))
    problems.push(document.problem(["repositories"], "must be a list"));
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  const parsed = parseRepositories(document, entries, ["repositories"], known);
  return withVault(document, vault, known, {
    ...parsed,
    // convict takes a mapping for settings of its own.
    values: { ...values, ...(isRecord(values["shard"]) && { shard: shardText(values["shard"]) }) },
    otlp: otlp?.value,
    problems: [...problems, ...parsed.problems],
  });
}

/** A problem of the section has a place in the file, one of a variable has none. */
function withVault(
  document: SettingsDocument,
  section: unknown,
  known: Known,
  settings: Omit<FileSettings, "vault">,
): FileSettings {
  const vault = known.vault(section);
  const line = ({ path, message }: Problem): string =>
    path[0] === "vault" && section !== undefined
      ? document.problem(path, message)
      : `${path.join(".")}: ${message}`;
  return {
    ...settings,
    vault: vault.value,
    problems: [...settings.problems, ...vault.problems.map(line)],
    warnings: [...settings.warnings, ...vault.warnings.map(line)],
  };
}

function parseRepositories(
  document: SettingsDocument,
  list: readonly unknown[],
  path: readonly string[],
  { resolvers, backends }: Known,
): Pick<FileSettings, "repositories" | "problems" | "warnings"> {
  const repositories: RepositorySettings[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  const seen = new Map<string, number>();
  for (const [index, entry] of list.entries()) {
    const at = [...path, index];
    const parsed = parseRepository(entry, resolvers, backends);
    const reported = (found: readonly Problem[]): readonly string[] =>
      found.map((one) => document.problem([...at, ...one.path], one.message));
    let url: string | undefined;
    if ("problems" in parsed) {
      problems.push(...reported(parsed.problems));
      ({ url } = parsed);
    } else {
      warnings.push(...reported(parsed.warnings));
      repositories.push(parsed.value);
      if (!parsed.value.disabled) ({ url } = parsed.value);
    }
    if (url === undefined) continue;
    const first = seen.get(url);
    if (first === undefined) seen.set(url, index);
    else
      problems.push(
        document.problem(
          [...at, "repo"],
          `is the same repository as ${path.join("")}[${first}]; credentials do not tell two apart`,
        ),
      );
  }
  return { repositories, problems, warnings };
}
