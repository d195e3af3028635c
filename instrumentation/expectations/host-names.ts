import type { Logger } from "../core/log.ts";
import type { Rename } from "../settings/expectations/expectations.ts";

/** The names under which hosts are shown, by the setting `rename`. */
export class HostNames {
  readonly #logger: Logger;
  #renames: readonly Rename[] = [];
  #warned = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  configure(renames: readonly Rename[]): void {
    this.#renames = renames;
    this.#warned = new Set();
  }

  /** Logs once if a host has the name that other hosts get. */
  readonly of = (host: string): string => {
    const rule = this.#renames.find(({ hosts }) => hosts.some((glob) => glob.matches(host)));
    if (rule) return rule.as;
    if (this.#renames.some(({ as }) => as === host) && !this.#warned.has(host)) {
      this.#warned.add(host);
      this.#logger.warn("a host has the name that the setting rename gives to others", { host });
    }
    return host;
  };
}
