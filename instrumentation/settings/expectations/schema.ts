import { DATE_SCHEMA } from "./date.ts";
import { DURATION } from "../../core/duration.ts";
import { described, mapping, NOT_EMPTY } from "../../core/json-schema.ts";
import type { JsonSchema, Properties } from "../../core/json-schema.ts";
import { SIZE_SCHEMA } from "../../core/size.ts";
import { GROUPINGS, PERIODS, RESTIC_DURATION, WITHIN } from "./retention.ts";

const TEXTS: JsonSchema = { type: "array", items: NOT_EMPTY, minItems: 1 };
const COUNT: JsonSchema = { type: "integer", minimum: 1 };

const HOSTS: Properties = { hosts: described('names or globs; ["*"] for any', TEXTS) };
const PLACES: Properties = {
  users: described("names or globs; default: all users of a host together", TEXTS),
  repositories: described("globs over the URLs without credentials; default: all", TEXTS),
};

const LIMIT: JsonSchema = { anyOf: [COUNT, { enum: ["unlimited", -1] }] };
const RULES: Properties = {
  last: LIMIT,
  ...Object.fromEntries(PERIODS.map((period) => [period, LIMIT])),
  ...Object.fromEntries(WITHIN.map(([key]) => [key, RESTIC_DURATION])),
  tags: described("snapshots that have all tags of a list, like a,b", TEXTS),
};
const RETENTION: JsonSchema = {
  ...mapping({
    ...RULES,
    groupBy: described("default: [host, paths]", {
      type: "array",
      items: { enum: GROUPINGS },
      uniqueItems: true,
    }),
  }),
  anyOf: Object.keys(RULES).map((key) => ({ required: [key] })),
};
const REQUIRE = mapping(Object.fromEntries(PERIODS.map((period) => [period, COUNT])));

/** The label `expectation`. */
export const NAME: RegExp = /^[a-z0-9_-]{1,64}$/;

const EXPECTATION: Properties = {
  name: described("label of the metrics", { type: "string", pattern: NAME.source }),
  ...HOSTS,
  ...PLACES,
  tags: described("only snapshots that have all of these tags count", TEXTS),
  paths: described("only snapshots that have all of these paths count", TEXTS),
  maxAge: described("age at which the newest snapshot is late", DURATION),
  minSnapshots: described("fewer snapshots are too few", COUNT),
  minFiles: described("a snapshot of fewer files does not count", COUNT),
  minBytes: described("a snapshot of fewer bytes does not count", SIZE_SCHEMA),
  copies: described("repositories that must have a fresh snapshot; default: 1", COUNT),
  paused: described("not judged until a date", mapping({ until: DATE_SCHEMA }, ["until"])),
  allowTime: described("clients may use backup --time: such snapshots are not backdated", {
    type: ["boolean", "null"],
  }),
  retention: described("what restic forget keeps: the options --keep-*", RETENTION),
  require: described("how many of the last periods must have a snapshot", REQUIRE),
};
const RETIRED: Properties = {
  ...HOSTS,
  ...PLACES,
  since: described("a set with a snapshot after this date is not retired", DATE_SCHEMA),
};
const RENAME: Properties = { ...HOSTS, as: described("the new name", NOT_EMPTY) };

/** The keys of an entry of each section. */
export const SECTION_KEYS = {
  expect: Object.keys(EXPECTATION),
  retired: Object.keys(RETIRED),
  rename: Object.keys(RENAME),
} as const;

/** The sections that say what should be there, by their key. */
export const EXPECTATION_SCHEMAS: Properties = {
  expect: described("backup sets that should exist", {
    type: "array",
    items: mapping(EXPECTATION, ["name", "hosts", "maxAge"]),
  }),
  retired: described("backup sets that are not expected any more", {
    type: "array",
    items: mapping(RETIRED, ["hosts", "since"]),
  }),
  rename: described("hosts that become one host of another name", {
    type: "array",
    items: mapping(RENAME, ["hosts", "as"]),
  }),
};
