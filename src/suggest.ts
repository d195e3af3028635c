import {
  formatDuration,
  NO_EXPECTATIONS,
  parseSchedule,
  systemClock,
} from "restic-otel-instrumentation/internal";
import type { Extensions, Logger } from "restic-otel-instrumentation/internal";
import { Monitor } from "restic-otel-instrumentation/monitor";
import { suggest } from "restic-otel-instrumentation/suggest";
import type { Suggestion } from "restic-otel-instrumentation/suggest";

import { EXIT_FAILED } from "./exit.ts";
import type { AgentSettings } from "./settings/load.ts";
import { dayOf, suggestionText } from "./suggestion-text.ts";
import { printable } from "./printable.ts";
import { counted } from "./web/status/quantity.ts";

/** Collections whose distance is looked at. */
const COLLECTIONS = 200;

export interface SuggestOptions {
  readonly extensions: Extensions;
  readonly logger: Logger;
}

/**
 * Reads the repositories once, and prints expectations that fit their past to stdout, notes to stderr. Returns the exit code.
 * @param settings valid settings
 */
export async function printSuggestions(
  settings: AgentSettings,
  { extensions, logger }: SuggestOptions,
): Promise<number> {
  for (const warning of settings.warnings) note(`warning: ${warning}`);
  const monitor = new Monitor(
    // A running agent has locked its state folder.
    { ...settings.monitor, stateDir: undefined },
    { ...extensions, clock: systemClock, logger },
  );
  try {
    const outcome = await monitor.collect();
    const { expectations = NO_EXPECTATIONS } = settings.monitor;
    const sets = [...monitor.store.entries()].flatMap(({ state }) => state?.content?.sets ?? []);
    const now = systemClock.now();
    const { suggestions, returned, uncounted, hasNameless } = suggest(sets, expectations, now);
    process.stdout.write(suggestionText(suggestions));
    if (expectations.expectations.length > 0)
      note("the settings have expect already: put this block in its place");
    for (const host of returned)
      note(`${host}: left out, it is in retired and made backups since: remove it there first`);
    for (const host of uncounted)
      note(`${host}: left out, all its snapshots are empty or dated in the future`);
    if (hasNameless) note("snapshots without a host name: left out, no expectation can name them");
    for (const one of suggestions) if (one.state === "retired") note(retiredNote(one));
    const collection = collectionNote(settings, suggestions, now);
    if (collection !== undefined) note(collection);
    const failed = outcome?.failed ?? 0;
    if (failed === 0) return 0;
    const count = counted(failed, "repository", "repositories");
    note(`${count} could not be read completely: their hosts may be missing`);
    return EXIT_FAILED;
  } finally {
    await monitor.stop();
  }
}

function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

function retiredNote({ hosts, url, paths, newest }: Suggestion): string {
  const where = url === undefined ? "" : ` in ${url}`;
  const what = paths.length > 0 ? ` (${paths.join(", ")})` : "";
  return `${hosts.join(", ")}${what}: silent${where} since ${dayOf(newest)}, retired?`;
}

/** A snapshot is known only after the next collection: until then its slot is as old as the collections are rare. */
function collectionNote(
  { monitor: { cron, timezone } }: AgentSettings,
  suggestions: readonly Suggestion[],
  now: number,
): string | undefined {
  const schedule = parseSchedule(cron, timezone);
  let longest = 0;
  let at = schedule.next(now);
  for (let count = 0; count < COLLECTIONS && Number.isFinite(at); count++) {
    const next = schedule.next(at);
    longest = Math.max(longest, next - at);
    at = next;
  }
  const room = suggestions.flatMap(({ state, gapSeconds, maxAgeSeconds }) =>
    state === "regular" && gapSeconds !== undefined ? [(maxAgeSeconds - gapSeconds) * 1000] : [],
  );
  const short = room.filter((ms) => ms < longest).length;
  const least = room.reduce((a, b) => Math.min(a, b), Infinity);
  if (short === 0) return undefined;
  const count = counted(short, "expectation", "expectations");
  const interval = Number.isFinite(longest) ? ` every ${formatDuration(longest)}` : "";
  return `${count} may be late between two collections: cron "${cron}" collects${interval}; set it to at most ${formatDuration(Math.floor(least / 60_000) * 60_000)}, or raise maxAge`;
}
