import {
  AgentError,
  proxyFor,
  systemClock,
  toAgentError,
} from "restic-otel-instrumentation/internal";
import type { Extensions, Logger, SecretResolver } from "restic-otel-instrumentation/internal";
import { Monitor } from "restic-otel-instrumentation/monitor";

import { EXIT_FAILED, EXIT_SETTINGS } from "./exit.ts";
import { checkSecrets } from "./settings/check.ts";
import type { AgentSettings } from "./settings/load.ts";
import { endpointName } from "./settings/otlp.ts";
import type { OtlpEndpoint } from "./settings/otlp.ts";
import { readWebConfig } from "./web/config/web-config-file.ts";
import { printable } from "./printable.ts";
import { ERROR_HELP } from "./web/status/error-help.ts";
import { counted } from "./web/status/quantity.ts";

const SECRETS_MS = 60_000;

export interface CheckOptions {
  readonly extensions: Extensions;
  readonly logger: Logger;
  /** Open each repository. */
  readonly open: boolean;
}

/**
 * Prints the problems of secrets and of the web configuration, or what was checked. Returns the exit code.
 * @param settings valid settings
 */
export async function checkConfig(
  settings: AgentSettings,
  { extensions, logger, open }: CheckOptions,
): Promise<number> {
  for (const warning of settings.warnings) process.stderr.write(`warning: ${warning}\n`);
  const monitor = new Monitor(
    // A running agent has locked its state folder.
    { ...settings.monitor, stateDir: undefined },
    { ...extensions, clock: systemClock, logger },
  );
  try {
    const problems = await problemsOf(settings, monitor.resolvers, open);
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    if (problems.length > 0) return EXIT_SETTINGS;
    const { disabledCount, monitor: limits } = settings;
    const failed = open ? await openAll(monitor, limits) : 0;
    const count = counted(monitor.urls.length, "repository", "repositories");
    const expected = limits.expectations?.expectations.length ?? 0;
    const expectations =
      expected > 0 ? `, ${counted(expected, "expectation", "expectations")}` : "";
    const opened = open ? "all were opened" : "no repository was opened: add --open for that";
    process.stdout.write(
      failed > 0
        ? `failed: ${failed} of ${count}, ${disabledCount} disabled\n`
        : `ok: ${count}, ${disabledCount} disabled${expectations}; ${opened}\n`,
    );
    return failed > 0 ? EXIT_FAILED : 0;
  } finally {
    await monitor.stop();
  }
}

async function problemsOf(
  settings: AgentSettings,
  resolvers: ReadonlyMap<string, SecretResolver>,
  open: boolean,
): Promise<readonly string[]> {
  const { otlp, monitor, webConfigFile } = settings;
  // A repository that is opened resolves its secrets itself.
  const repositories = open ? [] : monitor.repositories;
  const signal = AbortSignal.timeout(SECRETS_MS);
  const secrets = await checkSecrets({ repositories, otlp }, resolvers, signal);
  const web = webConfigFile === undefined ? undefined : await readWebConfig(webConfigFile);
  const problems = [...secrets, ...otlp.flatMap(proxyProblem)];
  return web && "error" in web ? [...problems, web.error.message] : problems;
}

function proxyProblem({ url }: OtlpEndpoint): readonly string[] {
  try {
    proxyFor(new URL(url), process.env);
    return [];
  } catch (error) {
    return [`${endpointName(url)}: ${toAgentError(error).message}`];
  }
}

/** Opens all repositories and prints a line for each, in the order of the settings. Returns how many failed. */
async function openAll(monitor: Monitor, limits: AgentSettings["monitor"]): Promise<number> {
  let failed = 0;
  for (const { url, outcome } of monitor.open(limits)) {
    const result = await outcome;
    if (result instanceof AgentError) failed += 1;
    const text =
      result instanceof AgentError
        ? `failed, ${result.code}: ${result.message}. ${ERROR_HELP[result.code].hint}`
        : `ok, repository ${result.id.slice(0, 8)}, version ${result.version}`;
    process.stdout.write(`${printable(`${url}: ${text}`)}\n`);
  }
  return failed;
}
