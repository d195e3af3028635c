import { Fields } from "../../../instrumentation/restic/state-dir/fields.ts";
import {
  decodeHistory,
  encodeHistory,
} from "../../../instrumentation/restic/state-dir/history-record.ts";
import {
  decodeInventory,
  encodeInventory,
} from "../../../instrumentation/restic/state-dir/inventory-record.ts";
import type { Target } from "../target.ts";

const ID = "0123456789abcdef".repeat(4);
const LAST = [1_796_000_000_000, 3, 0.25, 1_796_000_000_000, null, 1_796_000_000_000];

/** With every part, and one event of each name. */
const FULL = [
  [100, 3, 2, 1],
  LAST,
  [[1_796_000_000_000, 12, ID.slice(0, 32), ID.slice(0, 16), "", ID.slice(0, 16), 1]],
  [],
  [2, [ID, ID], 1_796_000_000_000, null],
  [[1_796_000_000_000, "web-1", "root", 1_795_900_000]],
  [
    [
      1_796_000_000_000,
      "newest_snapshot_removed",
      ID,
      "web-1",
      "root",
      1_795_900_000,
      "/etc,/home",
    ],
    [1_796_000_000_000, "snapshot_rewritten", ID, "web-1", "", 1, "/", ID, ID],
    [1_796_000_000_000, "snapshots_returned", null, null, null, null, null, null, null, 7],
    ...[
      "backup_set_vanished",
      "snapshot_emptied",
      "key_removed",
      "key_added",
      "snapshot_removed",
      "snapshot_retagged",
    ].map((name) => [1_796_000_000_000, name, ID]),
  ],
  1,
  ID,
];

/** Of the first complete collection. */
const EMPTY = [[0, 0, 0, 0], [], [], [], null, [], [], 0, ID];

const INVENTORY = JSON.stringify([
  "restic-otel inventory 1",
  ID,
  1_796_000_000_000,
  1.5,
  [4, 4000, 3900, 0, 9000, 2, 9, 1, 900, 0, 1, 100, 0, 2, 0, 1, 1, null, 12_000],
  [ID],
  [],
  [ID],
  [],
  [[ID, "is sealed with another key"]],
  [ID],
  [[171, 4, 4000, 1, 900, 0]],
  1,
  [[ID, 100, 1_796_000_000_000, 0, 1]],
  [[ID, 1_796_000_000_000]],
  [ID.slice(0, 16)],
]);

function history(input: string): string {
  return JSON.stringify(encodeHistory(decodeHistory(Fields.parse(input))));
}

/** undefined: of another version or repository. */
function inventory(input: string): string | undefined {
  const state = decodeInventory(ID, input);
  return state && encodeInventory(ID, state);
}

/** Reads a text again that was read and written once: the result must be the same. undefined: it can no longer be read. */
function again(take: (input: string) => string | undefined, input: Buffer): string | undefined {
  const text = take(input.toString());
  try {
    return text === undefined ? undefined : take(text);
  } catch {
    return undefined;
  }
}

/** Parts of the files in `stateDir`. */
export const STATE: readonly Target[] = [
  {
    name: "histories of changes",
    seeds: [FULL, EMPTY].map((one) => JSON.stringify(one)),
    take: (input) => history(input.toString()),
    reference: (input) => again(history, input),
    mayThrow: (error) => error instanceof TypeError || error instanceof SyntaxError,
    heads: ["", "[", "[[0,0,0,0],[],[", '[[0,0,0,0],[],[],[],[0,["'],
  },
  {
    name: "kept inventories",
    seeds: [INVENTORY],
    take: (input) => inventory(input.toString()),
    reference: (input) => again(inventory, input),
    mayThrow: (error) => error instanceof TypeError || error instanceof SyntaxError,
    heads: ["", "[", '["restic-otel inventory'],
  },
];
