import { html } from "../../html.ts";
import type { Html } from "../../html.ts";
import { calendar } from "./calendar.ts";
import { cell, scrollingTable } from "../table.ts";
import type { Column } from "../table.ts";
import { ago } from "../time.ts";
import { metByInWords } from "../holders.ts";
import { linkTo } from "../query.ts";
import type { Query, Sort } from "../query.ts";
import { bytes, grouped, humanDuration } from "../quantity.ts";
import { setStates } from "./set-state.ts";
import type { SetStatus } from "./set-status.ts";

/** A column, and the sort that its title links to. The class `detail` is for columns that a narrow screen has no room for. */
const COLUMNS: readonly (readonly [title: string, kind: string, sort?: Sort])[] = [
  ["State", "states"],
  ["Host", "text", "host"],
  ["User", "name", "user"],
  ["Newest", "newest", "age"],
  ["Last 30 days", "calendar"],
  ["Snapshots", "number", "snapshots"],
  ["Oldest", "detail"],
  ["Added", "number detail", "added"],
  ["Took", "number detail", "took"],
  ["Repository", "repository", "url"],
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
  const columns = COLUMNS.map(([title, kind, sort]): Column => {
    if (!sort) return [title, kind];
    const order = ["host", "user", "url"].includes(sort) ? "ascending" : "descending";
    const link = html`<a href="${linkTo(query, { sort })}">${title}</a>`;
    return [link, kind, sort === query.sort ? order : ""];
  });
  const rows = sets.map((set) => row(set, query, now, failing));
  return scrollingTable("sets", labelId, columns, rows);
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
