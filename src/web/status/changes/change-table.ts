import { html } from "../../html.ts";
import type { Html } from "../../html.ts";
import { cell, scrollingTable } from "../table.ts";
import { counted } from "../quantity.ts";
import type { Column } from "../table.ts";
import type { RepositoryStatus } from "../status.ts";
import { ago, clockTime } from "../time.ts";
import type { ChangeStatus } from "./change-status.ts";

const MAX_ROWS = 50;

/** CSS class and words. */
const WORDS: Readonly<Record<ChangeStatus["event"], readonly [string, string]>> = {
  newest_snapshot_removed: ["failing", "newest removed"],
  backup_set_vanished: ["failing", "set vanished"],
  snapshot_emptied: ["failing", "emptied"],
  key_removed: ["late", "key removed"],
  key_added: ["late", "key added"],
  snapshot_rewritten: ["damaged", "rewritten"],
  snapshot_removed: ["unknown", "removed"],
  snapshots_returned: ["ok", "listed again"],
  snapshot_retagged: ["unknown", "tagged"],
};

const COLUMNS: readonly Column[] = [
  ["State", "states"],
  ["Repository", "text"],
  ["Host", "host"],
  ["User", "name"],
  ["Seen", "newest"],
  ["Evidence", "why"],
];

/** The last changes of the repositories, folded away; empty: there are none. */
export function changeTable(repositories: readonly RepositoryStatus[], now: number): Html {
  const all = repositories
    .flatMap(({ url, changes }) => (changes?.events ?? []).map((event) => ({ url, event })))
    .toSorted((a, b) => (a.event.seen > b.event.seen ? -1 : Number(a.event.seen < b.event.seen)));
  if (all.length === 0) return html``;
  const rows = all.slice(0, MAX_ROWS).map(({ url, event }) => row(url, event, now));
  const rest = all.length - rows.length;
  return html`<details id="changes">
    <summary id="changes-count">
      ${rows.length === 1 ? "The last change" : `The last ${rows.length} changes`}
    </summary>
    ${scrollingTable("expectations", "changes-count", COLUMNS, rows)}
    ${rest > 0 ? html`<p>${counted(rest, "more is", "more are")} in <a href="api/status">JSON</a>.</p>` : ""}
  </details>`;
}

function row(url: string, change: ChangeStatus, now: number): Html {
  const [state, words] = WORDS[change.event];
  return html`<tr role="row">
    ${cell("State", html`<span class="state ${state}">${words}</span>`, "states")}
    <th role="rowheader" scope="row">${url}</th>
    ${cell("Host", change.host ?? "–", "host")} ${cell("User", change.user ?? "–", "name")}
    ${cell("Seen", ago(change.seen, now), "newest")} ${cell("Evidence", evidence(change), "why")}
  </tr> `;
}

function evidence({ id, time, paths, original, successor, snapshots }: ChangeStatus): string {
  const parts = [
    id === null ? undefined : id.slice(0, 8),
    snapshots === null ? undefined : counted(snapshots, "snapshot", "snapshots"),
    time === null ? undefined : `of ${clockTime(time)}`,
    paths === null ? undefined : paths,
    original === null ? undefined : `made from ${original.slice(0, 8)}`,
    successor === null ? undefined : `replaced by ${successor.slice(0, 8)}`,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}
