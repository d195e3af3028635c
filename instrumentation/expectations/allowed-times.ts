import type { AllowsTime } from "../restic/state.ts";
import type { Expectation } from "../settings/expectations/expectations.ts";
import { matches } from "./finding.ts";

/** The snapshots of each repository whose time the client may choose, by `allowTime` of an expectation. */
export class AllowedTimes {
  #expectations: readonly Expectation[] = [];
  #text = "";
  #byUrl = new Map<string, AllowsTime | undefined>();

  configure(expectations: readonly Expectation[]): void {
    this.#expectations = expectations.filter(({ allowTime }) => allowTime);
    const text = JSON.stringify(this.#expectations.map((one) => [one.text, one.urls]));
    if (text === this.#text) return;
    this.#text = text;
    this.#byUrl = new Map();
  }

  /** The same function until the settings change; undefined: no expectation allows it. */
  of(url: string): AllowsTime | undefined {
    if (!this.#byUrl.has(url)) this.#byUrl.set(url, this.#make(url));
    return this.#byUrl.get(url);
  }

  #make(url: string): AllowsTime | undefined {
    const about = this.#expectations.filter(({ urls }) => urls.includes(url));
    if (about.length === 0) return undefined;
    return (host, user) => {
      const ofSet = about.filter(
        ({ hosts, users }) =>
          hosts.match(host) !== undefined && (!users || users.match(user) !== undefined),
      );
      if (ofSet.length === 0) return undefined;
      return (snapshot) => ofSet.some((one) => matches(snapshot, one) === true);
    };
  }
}
