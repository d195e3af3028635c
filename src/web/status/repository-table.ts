import { html } from "../html.ts";
import type { Html } from "../html.ts";
import { cell } from "./table.ts";
import { inventoryList } from "./inventory-list.ts";
import { lockList } from "./lock-list.ts";
import { ago, clockTime } from "./time.ts";
import { parseTime } from "./time.ts";
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

export function repositoryTable(
  repositories: readonly RepositoryStatus[],
  query: Query,
  now: number,
): Html {
  const ordered = repositories.toSorted(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.url < b.url ? -1 : 1),
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="repositories">
    <table role="table" class="repositories">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">State</th>
          <th role="columnheader" scope="col">Repository</th>
          <th role="columnheader" scope="col">Last success</th>
          <th role="columnheader" scope="col" class="number detail">Took</th>
          <th role="columnheader" scope="col" class="number">Snapshots</th>
          <th role="columnheader" scope="col" class="number">Unreadable</th>
          <th role="columnheader" scope="col" class="number detail">Requests</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${ordered.map((repository) => row(repository, query, now))}
      </tbody>
    </table>
  </div>`;
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
