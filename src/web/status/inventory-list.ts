import { html } from "../html.ts";
import type { Html } from "../html.ts";
import type { InventoryStatus } from "./inventory-status.ts";
import { bytes, counted } from "./quantity.ts";
import { shortAgo } from "./time.ts";

/** Ids in one line; `/api/status` has more. */
const MAX_IDS = 3;

/** What is missing in a repository, and what to do; empty: no inventory is taken. */
export function inventoryList(inventory: InventoryStatus | null, now: number): Html {
  if (!inventory) return html``;
  const { at, problem, counts } = inventory;
  const bad = badIn(inventory);
  const { packs, storedBytes, orphanPacks = 0, orphanBytes = 0, unreadIndexFiles = 0 } = counts;
  const stored =
    packs === undefined || storedBytes === undefined
      ? ""
      : html`, ${counted(packs, "pack", "packs")}, ${bytes(storedBytes)}`;
  const items = [
    ...(problem ? [html`<b>${problem.type}</b>: no inventory: ${problem.message}`] : []),
    ...bad.map(
      ([count, one, many, ids]) =>
        html`<span class="state late">${counted(count, one, many)}</span> ${shown(count, ids)}`,
    ),
    ...(bad.length > 0 ? [html`run <code>restic check</code>`] : []),
    ...(orphanPacks > 0
      ? [
          html`${counted(orphanPacks, "orphan pack", "orphan packs")}, ${bytes(orphanBytes)}:
            <code>restic prune</code> removes them`,
        ]
      : []),
    ...(unreadIndexFiles > 0
      ? [html`${counted(unreadIndexFiles, "index file", "index files")} not read yet`]
      : []),
    ...(at === null ? [] : [html`inventory ${shortAgo(at, now)}${stored}`]),
  ];
  if (items.length === 0) return html``;
  return html`<ul class="locks">
    ${items.map((one) => html`<li>${one}</li>`)}
  </ul>`;
}

type Bad = readonly [count: number, one: string, many: string, ids: readonly string[]];

function badIn({ counts, ...ids }: InventoryStatus): readonly Bad[] {
  const index = ids.unreadableIndexFiles.map(({ id }) => id);
  const all: readonly Bad[] = [
    [counts.missingPacks ?? 0, "missing pack", "missing packs", ids.missing],
    [counts.damagedPacks ?? 0, "damaged pack", "damaged packs", ids.damaged],
    [counts.lostPacks ?? 0, "pack lost from the index", "packs lost from the index", ids.lost],
    [counts.unreadableIndexFiles ?? 0, "unreadable index file", "unreadable index files", index],
    [
      counts.unrestorableSnapshots ?? 0,
      "snapshot that cannot be restored",
      "snapshots that cannot be restored",
      ids.unrestorable,
    ],
  ];
  return all.filter(([count]) => count > 0);
}

function shown(count: number, ids: readonly string[]): Html {
  const some = ids.slice(0, MAX_IDS).map((id) => id.slice(0, 8));
  return html`${some.join(", ")}${count > some.length ? ` and ${count - some.length} more` : ""}`;
}
