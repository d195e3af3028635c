/** The files that open a repository without its storage, beside the password. Both are sealed as they are in the repository. */
export interface KeptKey {
  /** The name of the key file. */
  readonly id: string;
  readonly keyFile: Uint8Array;
  readonly config: Uint8Array;
}

/** Keeps the key of one repository over a restart. Its methods never fail: at worst nothing is kept. */
export interface KeyKeeper {
  load(): Promise<KeptKey | undefined>;
  /** Replaces the one before. */
  keep(key: KeptKey): Promise<void>;
  /** Called after each listing of `keys/` that is not empty: a kept key that it lacks is deleted. A repository always has a key. */
  listed(ids: readonly string[]): Promise<void>;
}
