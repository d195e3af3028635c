import { readFile, stat } from "node:fs/promises";

import {
  AgentError,
  EXPECTATION_SECTIONS,
  isJsonObject,
  NO_EXPECTATIONS,
  printPath,
  VAULT_DISABLED,
  parseExpectations,
  parseRepositories,
  unknownKeys,
} from "restic-otel-instrumentation/internal";
import type {
  ExpectationSettings,
  Problem,
  RepositorySettings,
  SecretResolver,
  VaultParsed,
  VaultUse,
} from "restic-otel-instrumentation/internal";

import { encodingProblem, SettingsDocument } from "./document.ts";
import { parseOtlp } from "./otlp.ts";
import type { OtlpEndpoint } from "./otlp.ts";
import { problemOf } from "./formats.ts";
import { FILE_SETTINGS, SETTINGS } from "./schema.ts";
import type { Setting } from "./schema.ts";
import { shardText } from "./shard.ts";

/** Thousands of repositories take a few MiB. */
const MAX_BYTES = 16 * 2 ** 20;

/** The valid part of a settings file, and the problems of the rest. */
export interface FileSettings {
  /** Unparsed values by the name of the setting. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Includes disabled entries. */
  readonly repositories: readonly RepositorySettings[];
  /** undefined: the file has no key `otlp`. */
  readonly otlp: readonly OtlpEndpoint[] | undefined;
  readonly vault: VaultUse;
  readonly expectations: ExpectationSettings;
  /** A line about the value at a path of the file. */
  readonly problemAt: (path: Problem["path"], message: string) => string;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Resolvers, backends and Vault settings that the entries of a file can refer to. */
export interface SettingsContext {
  readonly resolvers: ReadonlyMap<string, SecretResolver>;
  /** Schemes whose backend the embedding application supplies. */
  readonly backends: readonly string[];
  /** Parses the section `vault`; undefined: the file has none. */
  readonly vault: (section: unknown) => VaultParsed;
}

/** @throws AgentError `config` if the file cannot be read; a file with invalid content is returned with its problems */
export async function readSettingsFile(
  file: string,
  context: SettingsContext,
): Promise<FileSettings> {
  return parseSettingsFile(
    new SettingsDocument(file, await read(file), { keys: [...FILE_SETTINGS, "config"] }),
    context,
  );
}

async function read(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES)
      throw new AgentError(
        "config",
        `${file}: is too large: ${size} bytes, the maximum for a settings file is ${MAX_BYTES}`,
      );
    const bytes = await readFile(file);
    const problem = encodingProblem(bytes);
    if (problem !== undefined) throw new AgentError("config", `${file}: ${problem}`);
    return bytes.toString();
  } catch (error) {
    if (error instanceof AgentError || !(error instanceof Error) || !("code" in error)) throw error;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT:
        "file not found: name one with --config, or set RESTIC_REPOSITORY for a single repository",
      EISDIR: "is a directory: name a file with --config",
      EACCES: "permission denied: allow the user of the agent to read the file",
    };
    throw new AgentError(
      "config",
      `${/:[^/]*@/.test(file) ? "--config" : file}: ${reasons[String(error.code)] ?? `cannot be read (${String(error.code)})`}`,
      { cause: error },
    );
  }
}

const EXPECTED = "must be a list of repositories, or a mapping with the key repositories";

function parseSettingsFile(document: SettingsDocument, context: SettingsContext): FileSettings {
  const { file, value } = document;
  const invalid = (problems: readonly string[]): FileSettings => ({
    values: {},
    repositories: [],
    otlp: undefined,
    vault: VAULT_DISABLED,
    expectations: NO_EXPECTATIONS,
    problemAt: document.problem.bind(document),
    problems,
    warnings: [],
  });
  if (document.problems.length > 0) return invalid(document.problems);
  if (value === null || value === undefined) return invalid([`${file}: is empty: ${EXPECTED}`]);
  if (Array.isArray(value)) return parseMapping(document, { repositories: value }, [], context);
  if (!isJsonObject(value)) return invalid([document.problem([], EXPECTED)]);
  return parseMapping(document, value, ["repositories"], context);
}

/** @param listPath the path of the list of repositories */
function parseMapping(
  document: SettingsDocument,
  value: Readonly<Record<string, unknown>>,
  listPath: readonly string[],
  context: SettingsContext,
): FileSettings {
  const { resolvers, backends } = context;
  const { repositories: list, otlp: endpoints, vault: section, ...others } = value;
  const { expect, retired, rename, ...values } = others;
  const settings: Readonly<Record<string, Setting<unknown> | undefined>> = SETTINGS;
  const known = ["repositories", "otlp", "vault", ...EXPECTATION_SECTIONS, ...FILE_SETTINGS];
  const unknown = new Map(unknownKeys(value, known));
  const problems = Object.entries(values).flatMap(([name, given]) => {
    const setting = FILE_SETTINGS.includes(name) ? settings[name] : undefined;
    const message = setting ? problemOf(setting.format, given) : unknown.get(name);
    return message === undefined ? [] : [document.problem([name], message)];
  });
  const otlp = endpoints === undefined ? undefined : parseOtlp(endpoints, resolvers);
  problems.push(...linesOf(document, ["otlp"], otlp?.problems ?? []));
  if (list === undefined)
    problems.push(document.problem([], "repositories is missing: add a list of repositories"));
  else if (!Array.isArray(list))
    problems.push(document.problem(["repositories"], "must be a list"));
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  const parsed = parseRepositories(entries, listPath, resolvers, backends);
  const expected = parseExpectations(
    { expect, retired, rename },
    { list: parsed.value, areComplete: parsed.problems.length === 0 },
  );
  const vault = context.vault(section);
  // Problems of the section get its position in the file, problems of variables have none.
  const vaultLine = ({ path, message }: Problem): string =>
    path[0] === "vault" && section !== undefined
      ? document.problem(path, message)
      : `${path[0] === "vault" ? printPath(path, { vault: section }) : path.join(".")}: ${message}`;
  return {
    // convict would read a mapping as nested settings.
    values: {
      ...values,
      ...(isJsonObject(values["shard"]) && { shard: shardText(values["shard"]) }),
      ...(isJsonObject(values["inventory"]) && {
        inventory: JSON.stringify(values["inventory"]),
      }),
      ...(isJsonObject(values["locks"]) && { locks: values["locks"]["every"] }),
    },
    repositories: parsed.value,
    otlp: otlp?.value,
    vault: vault.value,
    expectations: expected.value,
    problemAt: document.problem.bind(document),
    problems: [
      ...problems,
      ...linesOf(document, [], parsed.problems),
      ...linesOf(document, [], expected.problems),
      ...vault.problems.map(vaultLine),
    ],
    warnings: [...linesOf(document, [], parsed.warnings), ...vault.warnings.map(vaultLine)],
  };
}

/** @param path where the paths of the problems begin */
function linesOf(
  document: SettingsDocument,
  path: Problem["path"],
  problems: readonly Problem[],
): readonly string[] {
  return problems.map((one) => document.problem([...path, ...one.path], one.message));
}
