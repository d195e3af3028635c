import { AgentError, parseRepository, shellWords } from "restic-otel-instrumentation/internal";
import type { RepositorySettings } from "restic-otel-instrumentation/internal";

import type { SettingsContext } from "./file.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** restic's variables that configure one repository. A backend reads all others from the process environment. */
const REPOSITORY_VARIABLES = [
  "RESTIC_REST_USERNAME",
  "RESTIC_REST_PASSWORD",
  "RESTIC_CACERT",
  "RESTIC_TLS_CLIENT_CERT",
  "RESTIC_KEY_HINT",
];

/** Whether restic's own variables name a repository. */
export function namesRepository(env: Environment): boolean {
  return Boolean(env["RESTIC_REPOSITORY"] || env["RESTIC_REPOSITORY_FILE"]);
}

/** The repository of restic's own variables. The password variables have the same precedence as in restic. */
export async function repositoryFromEnvironment(
  env: Environment,
  { resolvers, backends }: SettingsContext,
  signal: AbortSignal,
): Promise<{ readonly repository?: RepositorySettings; readonly problems: readonly string[] }> {
  const problems: string[] = [];
  if (env["RESTIC_REPOSITORY"] && env["RESTIC_REPOSITORY_FILE"])
    problems.push("RESTIC_REPOSITORY and RESTIC_REPOSITORY_FILE are both set: unset one");
  const password = passwordOf(env, problems);
  if (problems.length > 0) return { problems };
  const entry = {
    repo:
      env["RESTIC_REPOSITORY"] ||
      (await fromFile(env["RESTIC_REPOSITORY_FILE"] ?? "", resolvers, signal)),
    password,
    environment: Object.fromEntries(
      REPOSITORY_VARIABLES.filter((name) => env[name]).map((name) => [name, { env: name }]),
    ),
  };
  const parsed = parseRepository(entry, resolvers, backends);
  if ("value" in parsed) return { repository: parsed.value, problems };
  return {
    problems: parsed.problems.map(
      ({ path, message }) => `${path[0] === "repo" ? "RESTIC_REPOSITORY: " : ""}${message}`,
    ),
  };
}

function passwordOf(env: Environment, problems: string[]): unknown {
  const {
    RESTIC_PASSWORD_COMMAND: command,
    RESTIC_PASSWORD_FILE: file,
    RESTIC_PASSWORD: password,
  } = env;
  if (command && file)
    problems.push("RESTIC_PASSWORD_COMMAND and RESTIC_PASSWORD_FILE are both set: unset one");
  if (command) return { command: wordsOf(command, problems) };
  if (file) return { file };
  if (password) return { env: "RESTIC_PASSWORD" };
  problems.push(
    "no password for RESTIC_REPOSITORY: set RESTIC_PASSWORD_FILE, RESTIC_PASSWORD_COMMAND or RESTIC_PASSWORD",
  );
  return undefined;
}

function wordsOf(command: string, problems: string[]): readonly string[] {
  try {
    return shellWords(command, (problem) => new AgentError("config", problem));
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    problems.push(`RESTIC_PASSWORD_COMMAND: ${error.message}`);
    return [];
  }
}

async function fromFile(
  path: string,
  resolvers: SettingsContext["resolvers"],
  signal: AbortSignal,
): Promise<string> {
  try {
    return (await resolvers.get("file")?.resolve(path, signal))?.revealText() ?? "";
  } catch (error) {
    throw new AgentError(
      "config",
      `RESTIC_REPOSITORY_FILE: ${error instanceof Error ? error.message : path}`,
      { cause: error },
    );
  }
}
