import { html } from "../../html.ts";
import type { Html } from "../../html.ts";
import { calendar } from "./calendar.ts";
import { cell } from "../table.ts";
import { ago } from "../time.ts";
import { metByInWords } from "../holders.ts";
import { linkTo } from "../query.ts";
import type { Query, Sort } from "../query.ts";
import { bytes, grouped, humanDuration } from "../quantity.ts";
import { setStates } from "./set-state.ts";
import type { SetStatus } from "./set-status.ts";

/** Title, sort, CSS class. The class `detail` is for columns that a narrow screen has no room for. */
const COLUMNS: readonly (readonly [string, Sort | undefined, string])[] = [
  ["State", undefined, "states"],
  ["Host", "host", "text"],
  ["User", "user", "name"],
  ["Newest", "age", "newest"],
  ["Last 30 days", undefined, "calendar"],
  ["Snapshots", "snapshots", "number"],
  ["Oldest", undefined, "detail"],
  ["Added", "added", "number detail"],
  ["Took", "took", "number detail"],
  ["Repository", "url", "repository"],
];

/**
 * @param failing URLs of the repositories whose last collection failed, so that their sets may be outdated
 * @param labelId id of the element that names the table
 */
export function setTable(
  sets: readonly SetStatus[],
  query: Query,
  now: number,
  failing: ReadonlySet<string>,
  labelId = "sets",
): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="${labelId}">
    <table role="table" class="sets">
      <thead role="rowgroup">
        <tr role="row">
          ${COLUMNS.map(([title, sort, kind]) => heading(title, sort, kind, query))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${sets.map((set) => row(set, query, now, failing))}
      </tbody>
    </table>
  </div>`;
}

function heading(title: string, sort: Sort | undefined, kind: string, query: Query): Html {
  if (!sort) return html`<th role="columnheader" scope="col" class="${kind}">${title}</th>`;
  const order = ["host", "user", "url"].includes(sort) ? "ascending" : "descending";
  const current = sort === query.sort ? html` aria-sort="${order}"` : "";
  return html`<th role="columnheader" scope="col" class="${kind}" ${current}>
    <a href="${linkTo(query, { sort })}">${title}</a>
  </th>`;
}

function row(set: SetStatus, query: Query, now: number, failing: ReadonlySet<string>): Html {
  const { url, host, user, newest, oldest, snapshots, addedBytes, durationSeconds } = set;
  const states = setStates(set, failing).map(
    (state) => html`<span class="state ${state}">${state}</span>`,
  );
  const met = set.metBy.length > 0 ? html` <small class="met">${metByInWords(set)}</small>` : "";
  return html`<tr role="row">
    ${cell("State", html`${states}`, "states")}
    <th role="rowheader" scope="row">
      <a href="${linkTo(query, { url, host, user })}">${host}</a>
    </th>
    ${cell("User", user, "name")} ${cell("Newest", html`${ago(newest, now)}${met}`, "newest")}
    ${cell("Last 30 days", calendar(set, now), "calendar")}
    ${cell("Snapshots", grouped(snapshots), "number count")}
    ${cell("Oldest", ago(oldest, now), "detail")}
    ${cell("Added", addedBytes === null ? "–" : bytes(addedBytes), "number detail")}
    ${cell("Took", durationSeconds === null ? "–" : humanDuration(durationSeconds), "number detail")}
    ${cell("Repository", url, "repository")}
  </tr> `;
}
