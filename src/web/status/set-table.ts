import { html, Html } from "../html.ts";
import { linkTo } from "./query.ts";
import type { Query, Sort } from "./query.ts";
import { bytes, span } from "./quantity.ts";
import { ago } from "./repository-table.ts";
import type { SetStatus } from "./status.ts";

const COLUMNS: readonly (readonly [string, Sort | undefined])[] = [
  ["Host", "host"],
  ["User", "user"],
  ["Newest", "age"],
  ["Last 30 days", undefined],
  ["Snapshots", "snapshots"],
  ["Oldest", undefined],
  ["Added", "added"],
  ["Took", "took"],
  ["Repository", "url"],
];

export function setTable(sets: readonly SetStatus[], query: Query, now: number): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="sets">
    <table>
      <thead>
        <tr>
          ${COLUMNS.map(([title, sort]) => heading(title, sort, query))}
        </tr>
      </thead>
      <tbody>
        ${sets.map((set) => row(set, query, now))}
      </tbody>
    </table>
  </div>`;
}

function heading(title: string, sort: Sort | undefined, query: Query): Html {
  if (!sort) return html`<th scope="col">${title}</th>`;
  const order = ["host", "user", "url"].includes(sort) ? "ascending" : "descending";
  const current = sort === query.sort ? html` aria-sort="${order}"` : "";
  return html`<th scope="col" ${current}><a href="${linkTo(query, { sort })}">${title}</a></th>`;
}

function row(set: SetStatus, query: Query, now: number): Html {
  const { url, host, user, late, newest, oldest, snapshots, addedBytes, durationSeconds } = set;
  return html`<tr>
    <th scope="row"><a href="${linkTo(query, { url, host, user })}">${host}</a></th>
    <td>${user}</td>
    <td>${ago(newest, now)} ${late ? html`<span class="state late">late</span>` : ""}</td>
    <td>${calendar(set.daysAgo)}</td>
    <td class="number">${snapshots}</td>
    <td>${ago(oldest, now)}</td>
    <td class="number">${addedBytes === null ? "–" : bytes(addedBytes)}</td>
    <td class="number">${durationSeconds === null ? "–" : span(durationSeconds)}</td>
    <td>${url}</td>
  </tr> `;
}

const DAYS = 30;
const STEP = 4;

/** A bar for each day with a snapshot, today at the right end: a gap is seen at a glance. */
function calendar(daysAgo: readonly number[]): Html {
  const said = `snapshots on ${daysAgo.length} of the last ${DAYS} days`;
  return html`<svg
    role="img"
    aria-label="${said}"
    width="${DAYS * STEP}"
    height="16"
    viewBox="0 0 ${DAYS * STEP} 16"
  >
    <path class="axis" d="M0 15.5h${DAYS * STEP}" />
    ${daysAgo.map(
      (daysBack) => html`<rect x="${(DAYS - 1 - daysBack) * STEP}" y="2" width="3" height="13" />`,
    )}
  </svg>`;
}
