import { boundTable, never } from "../metrics/bound-table.ts";
import type { BoundTable } from "../metrics/bound-table.ts";
import { backupSetMetrics, GROUP_METRICS, HIDDEN_METRICS } from "../restic/metrics/tables.ts";
import { nextAgeChange } from "../restic/state.ts";
import type { ShownPage } from "./shown-sets.ts";

/** @param pages what is shown of each repository now */
export function setTables(
  legacyLabel: boolean,
  pages: () => readonly ShownPage[],
): readonly BoundTable[] {
  return [
    boundTable(
      backupSetMetrics(legacyLabel),
      () => pages().flatMap(({ sets }) => sets),
      ({ newest }, now) => nextAgeChange(newest, now),
    ),
    boundTable(GROUP_METRICS, () => pages().flatMap(({ groups }) => groups), never),
    boundTable(HIDDEN_METRICS, pages, never),
  ];
}
