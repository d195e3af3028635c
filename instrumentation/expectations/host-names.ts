import type { Logger } from "../core/log.ts";
import type { Rename } from "../settings/expectations/expectations.ts";

/** The names under which hosts are shown, by the setting `rename`. */
export class HostNames {
  readonly #logger: Logger;
  /** The name under which a host is shown. Another function after each change of the setting. */
  of = (host: string): string => host;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Logs once if a host has the name that other hosts get. */
  configure(renames: readonly Rename[]): void {
    const warned = new Set<string>();
    this.of = (host) => {
      const rule = renames.find(({ hosts }) => hosts.some((glob) => glob.matches(host)));
      if (rule) return rule.as;
      if (renames.some(({ as }) => as === host) && !warned.has(host)) {
        warned.add(host);
        this.#logger.warn("a host has the name that the setting rename gives to others", { host });
      }
      return host;
    };
  }
}
