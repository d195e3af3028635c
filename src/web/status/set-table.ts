import { html } from "../html.ts";
import type { Html } from "../html.ts";
import { cell } from "./cell.ts";
import { ago } from "./time.ts";
import { linkTo } from "./query.ts";
import type { Query, Sort } from "./query.ts";
import { bytes, grouped, humanDuration } from "./quantity.ts";
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

const NUMBERS: ReadonlySet<string> = new Set(["Snapshots", "Added", "Took"]);

/** @param stale URLs of the repositories whose last collection failed, so that their sets may be outdated */
export function setTable(
  sets: readonly SetStatus[],
  query: Query,
  now: number,
  stale: ReadonlySet<string>,
): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="sets">
    <table role="table">
      <thead role="rowgroup">
        <tr role="row">
          ${COLUMNS.map(([title, sort]) => heading(title, sort, query))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${sets.map((set) => row(set, query, now, stale))}
      </tbody>
    </table>
  </div>`;
}

function heading(title: string, sort: Sort | undefined, query: Query): Html {
  const kind = NUMBERS.has(title) ? "number" : "text";
  if (!sort) return html`<th role="columnheader" scope="col" class="${kind}">${title}</th>`;
  const order = ["host", "user", "url"].includes(sort) ? "ascending" : "descending";
  const current = sort === query.sort ? html` aria-sort="${order}"` : "";
  return html`<th role="columnheader" scope="col" class="${kind}" ${current}>
    <a href="${linkTo(query, { sort })}">${title}</a>
  </th>`;
}

function row(set: SetStatus, query: Query, now: number, stale: ReadonlySet<string>): Html {
  const { url, host, user, late, newest, oldest, snapshots, addedBytes, durationSeconds } = set;
  const newestCell = html`${late ? html`<span class="state late">late</span> ` : ""}${ago(newest, now)}`;
  const repository = html`${url}${stale.has(url) ? html` <span class="state failing">failing</span>` : ""}`;
  return html`<tr role="row">
    <th role="rowheader" scope="row">
      <a href="${linkTo(query, { url, host, user })}">${host}</a>
    </th>
    ${cell("User", user, "name")} ${cell("Newest", newestCell)}
    ${cell("Last 30 days", calendar(set.daysAgo))}
    ${cell("Snapshots", grouped(snapshots), "number")} ${cell("Oldest", ago(oldest, now))}
    ${cell("Added", addedBytes === null ? "–" : bytes(addedBytes), "number")}
    ${cell("Took", durationSeconds === null ? "–" : humanDuration(durationSeconds), "number")}
    ${cell("Repository", repository, "repository")}
  </tr> `;
}

const DAYS = 30;
const STEP = 4;

/** A bar for each day with a snapshot, today at the right, so that gaps are visible at a glance. */
function calendar(daysAgo: readonly number[]): Html {
  const label = `snapshots on ${daysAgo.length} of the last ${DAYS} days`;
  return html`<svg
    role="img"
    aria-label="${label}"
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
