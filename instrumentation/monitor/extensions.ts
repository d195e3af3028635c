import type { SourceSet } from "../collect/source-set.ts";
import type { SecretResolver } from "../core/secret.ts";
import type { OpenCustomBackend } from "../backends/context.ts";

/** Sources, backends and secret resolvers that an application adds. */
export interface Extensions {
  /** Made by `sourceSet`. */
  readonly sources?: readonly SourceSet[];
  /** By the scheme of the repository string. */
  readonly backends?: Readonly<Record<string, OpenCustomBackend>>;
  /** `scheme` is the key of a secret in the settings. */
  readonly resolvers?: readonly SecretResolver[];
}
