import { AgentError } from "../core/error.ts";
import { isJsonObject } from "../core/json.ts";
import { printPath } from "../settings/print-path.ts";
import { unknownKeys } from "../settings/problem.ts";
import type { ResticInstrumentationConfig } from "./config.ts";

/** The type of each option, as messages name it. */
const TYPES = {
  enabled: "boolean",
  repositories: "array",
  cron: "string",
  timezone: "string",
  timeout: "string",
  requestTimeout: "string",
  maxSnapshotSize: "string",
  maxBackupDuration: "string",
  inventory: "object",
  locks: "object",
  concurrency: "number",
  retryFailed: "boolean",
  reverify: "string",
  spread: "boolean",
  stateDir: "string",
  stateKeys: "boolean",
  vault: "object",
  expect: "array",
  retired: "array",
  rename: "array",
  groupBy: "array",
  maxSets: "number",
  maxSlots: "number",
  logger: "object",
  onCollection: "function",
  sources: "array",
  backends: "object",
  resolvers: "array",
} as const satisfies Record<keyof ResticInstrumentationConfig, string>;

/**
 * Checks what no compiler has checked for an application in JavaScript: names and types of the options.
 * @returns one line for each unknown option
 * @throws AgentError `config` with one line for each problem, if the options have not the types of `ResticInstrumentationConfig`
 */
export function unknownOptions(config: unknown): readonly string[] {
  if (!isJsonObject(config))
    throw new AgentError("config", "the configuration must be an object with repositories");
  const types = new Map<string, string>(Object.entries(TYPES));
  const known = [...types.keys()];
  const unknown = unknownKeys(config, known).map(
    ([name, message]) => `${printPath([name], config, known)}: ${message}`,
  );
  const wrong = [...types].flatMap(([name, type]) => {
    const value = config[name];
    if (value === undefined || typeOf(value) === type) return [];
    return [`${name}: must be ${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`];
  });
  if (config["repositories"] === undefined)
    wrong.push("repositories: missing: set it to an array, which may be empty");
  if (wrong.length > 0) throw new AgentError("config", [...unknown, ...wrong].join("\n"));
  return unknown;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
