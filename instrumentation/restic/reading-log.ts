import { AgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { Labels } from "../core/source.ts";
import type { Unreadable } from "./repository/snapshots/load-snapshots.ts";
import type { Catalogue } from "./repository/repository.ts";
import type { RepositoryContent } from "./state.ts";

/** Lines for one event: a repository can lose any number of backup sets. */
const MAX_LINES = 100;

type UnreadableFile = readonly [name: string, problem: Unreadable];

/** Logs what a collection of one repository shows beside its backup sets. */
export class ReadingLog {
  readonly #logger: Logger;
  readonly #subject: Labels;
  /** Unreadable files that are in the log already. */
  #named: ReadonlySet<string> = new Set();

  constructor(logger: Logger, subject: Labels) {
    this.#logger = logger;
    this.#subject = subject;
  }

  /**
   * Logs new unreadable files in one line, and each backup set that lost snapshots.
   * @param previous the content before this collection
   * @returns the unreadable files as an error, with the class of most of them
   */
  record(catalogue: Catalogue, previous: RepositoryContent | undefined): AgentError | undefined {
    this.#recordReplacement(catalogue, previous);
    this.#recordLosses(catalogue);
    const unreadable = [...catalogue.unreadable];
    const unnamed = unreadable.filter(([name]) => !this.#named.has(name));
    if (unnamed.length > 0) this.#logger.warn(summary(unnamed, 64), this.#subject);
    this.#named = new Set(catalogue.unreadable.keys());
    const classes = Map.groupBy(unreadable, ([, { code }]) => code);
    const [most] = [...classes].toSorted(([, a], [, b]) => b.length - a.length);
    return most && new AgentError(most[0], summary(unreadable, 8));
  }

  #recordReplacement({ config }: Catalogue, previous: RepositoryContent | undefined): void {
    if (!previous || previous.config.id === config.id) return;
    const [before, now] = [previous.config.id.slice(0, 8), config.id.slice(0, 8)];
    this.#logger.warn(
      `another repository is at this URL: ${now} replaces ${before}, which had ${previous.sets.length} backup sets`,
      this.#subject,
    );
  }

  #recordLosses({ losses }: Catalogue): void {
    for (const { host, user, missing, known, confirmed } of losses.slice(0, MAX_LINES)) {
      const message = confirmed
        ? `a backup set lost ${missing} of its ${known} snapshots, as two listings show`
        : `a listing lacked ${missing} of the ${known} snapshots of a backup set, but a second one has them`;
      this.#logger.warn(message, { ...this.#subject, host, user });
    }
    if (losses.length > MAX_LINES)
      this.#logger.warn(
        `listings lack snapshots of ${losses.length - MAX_LINES} more backup sets`,
        this.#subject,
      );
  }
}

/** @param digits of the name of a file that are shown */
function summary(files: readonly UnreadableFile[], digits: number): string {
  const some = files.slice(0, 3).map(([name, { reason }]) => `${name.slice(0, digits)} ${reason}`);
  const more = files.length > some.length ? `, and ${files.length - some.length} more` : "";
  return `${files.length} unreadable snapshot file${files.length > 1 ? "s" : ""}: ${some.join(", ")}${more}`;
}
