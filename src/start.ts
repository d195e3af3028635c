import { AgentError, logRequests, systemClock } from "restic-otel-instrumentation/internal";
import type { Extensions } from "restic-otel-instrumentation/internal";

import { Agent } from "./agent.ts";
import { readBuild, versionLine } from "./build.ts";
import { EXIT_SETTINGS } from "./exit.ts";
import { LineLogger } from "./log.ts";
import { settingsSummary } from "./settings/redacted.ts";
import { parseFlags } from "./settings/flags.ts";
import type { Flags } from "./settings/flags.ts";
import { bindWithoutFile, loadSettings } from "./settings/load.ts";
import type { AgentSettings } from "./settings/load.ts";
import { inheritedSockets } from "./web/socket-activation.ts";

const EXIT_SECOND_INTERRUPT = 130;

/** Clears the current line of a terminal. */
const CLEAR = "\r\u001b[K";

/** Time limit of a stop. */
const STOP_MS = 4900;

const build = readBuild();

async function run(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  extensions: Extensions,
): Promise<number> {
  const flags = parseFlags(argv);
  // --once, --check-config and the commands keep the default signal handling.
  if (flags.once || flags.checkConfig || flags.command !== undefined)
    for (const signal of ["SIGHUP", "SIGUSR1"]) process.removeAllListeners(signal);
  if (flags.help) return print((await import("./settings/help.ts")).helpText());
  if (flags.version) return print(versionLine(build));
  if (flags.completion)
    return print((await import("./completion.ts")).completionScript(flags.completion));
  const load = (): Promise<AgentSettings> => loadSettings({ flags, env, extensions });
  if (flags.healthcheck) return checkHealth(flags, env, load);
  const settings = await load();
  const { logLevel: level, logFormat: format } = settings;
  const logger = new LineLogger({
    level,
    format,
    clock: systemClock,
    // Clear the progress of --once first.
    write: (line) => process.stderr.write(flags.once && process.stderr.isTTY ? CLEAR + line : line),
  });
  // The level may change with a reload.
  logRequests(
    systemClock,
    (message, fields) => logger.debug(message, fields),
    () => logger.level === "debug",
  );
  if (flags.checkConfig) {
    const { checkConfig } = await import("./check-config.ts");
    return checkConfig(settings, { extensions, logger, open: flags.open });
  }
  if (flags.command === "rules") {
    const { fittingRules } = await import("./alerts/fitting-rules.ts");
    return print(fittingRules(settings, flags));
  }
  if (flags.command === "suggest") {
    const { printSuggestions } = await import("./suggest.ts");
    return printSuggestions(settings, { extensions, logger });
  }
  for (const warning of settings.warnings) logger.warn(warning);
  const agent = new Agent(settings, {
    clock: systemClock,
    logger,
    build,
    load,
    extensions,
    inherited: inheritedSockets(env, process.pid),
  });
  if (flags.once) return once(agent, flags.format);
  logger.info("starting", { version: build.version, ...settingsSummary(settings) });
  const stop = stopped(agent, logger);
  await agent.start();
  return stop;
}

/** Returns 0 if the agent is alive. An invalid file is no failure: a running agent keeps its previous settings. */
async function checkHealth(
  flags: Flags,
  env: NodeJS.ProcessEnv,
  load: () => Promise<AgentSettings>,
): Promise<number> {
  const addresses = await load().then(
    ({ bind }) => bind,
    () => bindWithoutFile(flags, env),
  );
  const { healthcheck } = await import("./web/healthcheck.ts");
  const { alive, message } = await healthcheck(addresses);
  return print(`${message}\n`, alive ? 0 : 1);
}

/** Collects once, and prints the exposition or a table. Returns 1 if a repository failed. */
async function once(agent: Agent, format: Flags["format"]): Promise<number> {
  const timer = setInterval(printProgress, 500);
  function printProgress(): void {
    if (!process.stderr.isTTY) return;
    const done = [...agent.monitor.store.entries()].length;
    process.stderr.write(`\r${done} of ${agent.monitor.urls.length} repositories are done`);
  }
  const outcome = await agent.monitor.collect();
  clearInterval(timer);
  if (process.stderr.isTTY) process.stderr.write(CLEAR);
  if (format === "table") {
    const { terminalColumns, textTable } = await import("./web/status/text-table.ts");
    const { statusOf } = await import("./web/status/status.ts");
    process.stdout.write(textTable(statusOf(agent.statusInput()), terminalColumns()));
  } else process.stdout.write(Buffer.concat((await agent.render()).plain));
  await agent.stop();
  return outcome && outcome.failed > 0 ? 1 : 0;
}

/** Installs the signal handlers. Resolves when a signal has stopped the agent. */
function stopped(agent: Agent, logger: LineLogger): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (signal: string): void => {
      if (stopping && signal === "SIGINT") process.exit(EXIT_SECOND_INTERRUPT);
      if (stopping) return;
      stopping = true;
      logger.info("stopping", { signal });
      setTimeout(() => resolve(0), STOP_MS);
      void agent.stop().then(() => {
        logger.info("stopped");
        resolve(0);
      });
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
    process.on("SIGHUP", () => void agent.reload());
    process.on("SIGUSR1", () => {
      if (agent.monitor.collect({ listKeys: true }))
        logger.info("collection started", { signal: "SIGUSR1" });
    });
  });
}

function print(text: string, code = 0): number {
  process.stdout.write(text);
  return code;
}

/**
 * Runs the agent as a program: reads the command line and the environment, runs until a signal, and ends the process.
 * @param extensions your own sources, backends and secret resolvers
 */
export async function start(extensions: Extensions = {}): Promise<void> {
  // A closed pipe, as with `| head`, is not a failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? 0 : 1),
  );
  // A closed pipe for the log must not end the agent.
  process.stderr.on("error", () => {});
  // Keep the process alive until exit(): the timers of the clock do not.
  setInterval(() => {}, 2 ** 30);
  try {
    const code = await run(process.argv.slice(2), process.env, extensions);
    // Exit after the output is flushed: a pipe takes a large exposition in pieces.
    process.stdout.write("", () => process.exit(code));
  } catch (error) {
    const expected = error instanceof AgentError;
    process.stderr.write(
      expected
        ? `${error.message}\n`
        : `restic-otel: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(expected && error.code === "config" ? EXIT_SETTINGS : 1);
  }
}
