import type { SourceSet } from "../collect/source-set.ts";
import type { SecretResolver } from "../core/secret.ts";
import type { OpenCustomBackend } from "../backends/context.ts";

/** What others add to the monitor, from outside of this repository. */
export interface Extensions {
  /** Further things that are monitored, made by `sourceSet`. */
  readonly sources?: readonly SourceSet[];
  /** Further places that repositories lie in, by the scheme of their repository string. */
  readonly backends?: Readonly<Record<string, OpenCustomBackend>>;
  /** Further ways to get a secret; the scheme is the key that stands in the settings. */
  readonly resolvers?: readonly SecretResolver[];
}
