import type { Glob, NameList } from "./glob.ts";
import type { RequiredPeriods, Retention } from "./retention.ts";

/** Checked settings of what should be in the repositories. Times and sizes are in milliseconds and bytes. */
export interface ExpectationSettings {
  readonly expectations: readonly Expectation[];
  readonly retired: readonly Retired[];
  /** The first rule that matches a host name applies. */
  readonly renames: readonly Rename[];
  /** `retired` and `rename` as JSON: sections with the same text mean the same. */
  readonly text: string;
}

export const NO_EXPECTATIONS: ExpectationSettings = {
  expectations: [],
  retired: [],
  renames: [],
  text: "",
};

/** One entry of `expect`. */
export interface Expectation {
  /** The label `expectation`. */
  readonly name: string;
  /** URLs of the matching repositories that are enabled, in all shards. Empty: the expectation is paused. */
  readonly urls: readonly string[];
  readonly hosts: NameList;
  /** undefined: one slot over all users of a host. */
  readonly users: NameList | undefined;
  /** A snapshot must have all of them. */
  readonly tags: readonly string[];
  readonly paths: readonly string[];
  readonly maxAgeMs: number;
  /** 0: any number. */
  readonly minSnapshots: number;
  readonly minFiles: number;
  readonly minBytes: number;
  /** From 1. */
  readonly copies: number;
  /** Milliseconds since the epoch. */
  readonly pausedUntil: number | undefined;
  /** Clients may choose the time of a snapshot: `backup --time`. */
  readonly allowTime: boolean;
  /** The policy of `restic forget` for these snapshots; undefined: none is given. */
  readonly retention: Retention | undefined;
  readonly require: RequiredPeriods;
  /** The entry as JSON: an entry with the same text means the same. */
  readonly text: string;
}

/** One entry of `retired`: backup sets that are not expected any more. */
export interface Retired {
  readonly urls: readonly string[];
  readonly hosts: NameList;
  /** undefined: all users. */
  readonly users: NameList | undefined;
  /** A set with a snapshot after this is not retired, milliseconds since the epoch. */
  readonly since: number;
}

/** One entry of `rename`. */
export interface Rename {
  readonly hosts: readonly Glob[];
  readonly as: string;
}
