import { html } from "../html.ts";
import type { Html } from "../html.ts";
import { cell, scrollingTable } from "./table.ts";
import type { Column } from "./table.ts";
import { inventoryList } from "./inventory-list.ts";
import { lockList } from "./lock-list.ts";
import { ago, clockTime, parseTime } from "./time.ts";
import { linkTo } from "./query.ts";
import type { Query } from "./query.ts";
import { grouped, humanDuration } from "./quantity.ts";
import type { RepositoryHealth, RepositoryStatus } from "./status.ts";

const LABELS: Readonly<Record<RepositoryHealth, string>> = {
  failing: "failing",
  damaged: "damaged",
  unknown: "never collected",
  fine: "fine",
};

/** Repositories that need attention come first. */
const ORDER: readonly RepositoryHealth[] = ["failing", "damaged", "unknown", "fine"];

const COLUMNS: readonly Column[] = [
  ["State", "text"],
  ["Repository", "text"],
  ["Last success", "text"],
  ["Took", "number detail"],
  ["Snapshots", "number"],
  ["Unreadable", "number"],
  ["Requests", "number detail"],
];

export function repositoryTable(
  repositories: readonly RepositoryStatus[],
  query: Query,
  now: number,
): Html {
  const rows = repositories
    .toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.url < b.url ? -1 : 1))
    .map((repository) => row(repository, query, now));
  return scrollingTable("repositories", "repositories", COLUMNS, rows);
}

function row(repository: RepositoryStatus, query: Query, now: number): Html {
  const { url, state, error, lastSuccess, snapshots, unreadableSnapshots } = repository;
  const { durationSeconds, requests, locks, inventory } = repository;
  return html`<tr role="row">
    <td role="cell"><span class="state ${state}">${LABELS[state]}</span></td>
    <th role="rowheader" scope="row">
      <a href="${linkTo(query, { url, host: undefined, user: undefined })}">${url}</a
      >${error ? explanation(repository, now) : ""}${lockList(locks, now)}${inventoryList(inventory, now)}
    </th>
    ${cell("Last success", lastSuccess === null ? "never" : ago(lastSuccess, now))}
    ${cell("Took", durationSeconds === null ? "–" : humanDuration(durationSeconds), "number detail")}
    ${cell("Snapshots", snapshots === null ? "–" : grouped(snapshots), "number")}
    ${cell("Unreadable", unreadableSnapshots ?? "–", "number")}
    ${cell("Requests", requests === null ? "–" : grouped(requests), "number detail")}
  </tr> `;
}

function explanation({ error, failingSince }: RepositoryStatus, now: number): Html {
  if (!error) return html``;
  return html`<p class="error">
    <b>${error.type}</b>${failingSince === null ? "" : since(failingSince, now)}: ${error.message}.
    <i>${error.hint}</i>
  </p>`;
}

function since(time: string, now: number): Html {
  return html`, failing since
    <time datetime="${time}">${clockTime(time)}</time>
    (${humanDuration((now - parseTime(time)) / 1000)})`;
}
