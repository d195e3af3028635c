import type { Backend } from "../../backends/backend.ts";
import type { Key } from "../crypto/key.ts";
import type { ConfigFile } from "./config-file.ts";

/** A repository that a collection has opened, for further reads beside the collections. */
export interface OpenView {
  readonly backend: Backend;
  readonly master: Key;
  readonly config: ConfigFile;
}
