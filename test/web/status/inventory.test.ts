import { expect, test } from "vitest";

import { inventoryList } from "../../../src/web/status/inventory-list.ts";
import type { InventoryStatus } from "../../../src/web/status/inventory-status.ts";
import { listItems } from "../../support/web/page-text.ts";

const AT = "2026-01-31T06:30:00.000Z";
const NONE: InventoryStatus = {
  at: AT,
  problem: null,
  durationSeconds: 1,
  counts: {},
  missing: [],
  damaged: [],
  orphans: [],
  lost: [],
  unreadableIndexFiles: [],
  unrestorable: [],
};
const STORED = { packs: 4, storedBytes: 2048 };

function items(inventory: Partial<InventoryStatus> | null): readonly string[] {
  const page = inventoryList(inventory && { ...NONE, ...inventory }, Date.parse(AT) + 14_000);
  return listItems(page.text);
}

test("a repository without inventories has no list", () => {
  expect(items(null)).toEqual([]);
});

test("an inventory that found nothing is one line", () => {
  expect(items({ counts: STORED })).toEqual(["inventory 14 s ago, 4 packs, 2.0 KiB"]);
});

test("what is wrong comes first, with up to three ids, and what to do", () => {
  const ids = ["a", "b", "c", "d"].map((letter) => letter.repeat(64));
  expect(
    items({
      counts: {
        ...STORED,
        missingPacks: 4,
        damagedPacks: 1,
        lostPacks: 1,
        unreadableIndexFiles: 1,
        unrestorableSnapshots: 2,
        orphanPacks: 1,
        orphanBytes: 1024,
        unreadIndexFiles: 3,
      },
      missing: ids,
      damaged: ids.slice(0, 1),
      lost: ids.slice(1, 2),
      unreadableIndexFiles: [{ id: "e".repeat(64), reason: "truncated" }],
      unrestorable: ids.slice(2),
    }),
  ).toEqual([
    "4 missing packs aaaaaaaa, bbbbbbbb, cccccccc and 1 more",
    "1 damaged pack aaaaaaaa",
    "1 pack lost from the index bbbbbbbb",
    "1 unreadable index file eeeeeeee",
    "2 snapshots that cannot be restored cccccccc, dddddddd",
    "run restic check",
    "1 orphan pack, 1.0 KiB: restic prune removes them",
    "3 index files not read yet",
    "inventory 14 s ago, 4 packs, 2.0 KiB",
  ]);
});

test("a failed inventory says why, beside the last one", () => {
  const problem = { type: "timeout", message: "no answer within 60 s" } as const;
  expect(items({ problem, counts: STORED })).toEqual([
    "timeout: no inventory: no answer within 60 s",
    "inventory 14 s ago, 4 packs, 2.0 KiB",
  ]);
  expect(items({ problem, at: null })).toEqual(["timeout: no inventory: no answer within 60 s"]);
});
