import type { Answer } from "../response.ts";
import { html } from "../html.ts";
import type { Html } from "../html.ts";
import { parseTime } from "./time.ts";
import { failingUrls, needsAttention } from "./sets/set-state.ts";
import { isUnmet, metInWords } from "./expectation-status.ts";
import { expectationTables } from "./expectation-table.ts";
import { linkTo, linkToAll, pageOf, parametersOf, select } from "./query.ts";
import type { Query } from "./query.ts";
import { counted, grouped, relative, humanDuration } from "./quantity.ts";
import { changeTable } from "./changes/change-table.ts";
import { repositoryTable } from "./repository-table.ts";
import { setTable } from "./sets/set-table.ts";
import type { SetStatus } from "./sets/set-status.ts";
import type { RepositoryHealth, Status } from "./status.ts";

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export interface PageAgent {
  readonly version: string;
  /** The path of the metrics. */
  readonly telemetryPath: string;
}

/** The status page, complete without JavaScript. Its links are relative, so that a reverse proxy can serve it at any path. */
export function statusPage(
  { version, telemetryPath }: PageAgent,
  status: Status,
  query: Query,
): Answer {
  const { repositories, sets, expectations } = select(status, query);
  const hasExpectations = status.expectations.length > 0;
  const expected = sets.filter(({ retired }) => !retired);
  const retired = sets.filter((set) => set.retired);
  const { setsOnPage, page, pages } = pageOf(expected, query.page);
  const now = parseTime(status.now);
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title(status)}restic-otel</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="status.css" />
        <script src="status.js" defer></script>
        <noscript><meta http-equiv="refresh" content="30" /></noscript>
      </head>
      <body>
        <header>
          <h1>restic-otel</h1>
          <nav aria-label="More">
            <a href="${telemetryPath.slice(1)}">metrics</a> <a href="api/status">JSON</a>
            <a href="-/ready">ready</a>
            <a href="-/healthy">healthy</a>
          </nav>
        </header>
        <main>
          <p id="summary" class="${worst(status)}" data-live>${summary(status, now)}</p>
          <section data-live>
            ${hasExpectations ? expectationTables(expectations, status.hiddenSlots, query, now) : ""}
            <h2 id="repositories">Repositories</h2>
            ${repositories.length === 0 ? html`<p>No repository is collected: add one to the settings.</p>` : repositoryTable(repositories, query, now)}
            ${changeTable(repositories, now)}
          </section>
          <section>
            <h2 id="sets">Backup sets</h2>
            ${filterForm(query, hasExpectations)}
            <div data-live>
              ${expected.length === 0 ? html`<p>${empty(status, query)}</p>` : setTable(setsOnPage, query, now, failingUrls(status))}
              ${pages > 1 ? pager(query, page, pages, expected.length) : ""}
              ${retired.length > 0 ? retiredSets(retired, query, now) : ""}
            </div>
          </section>
        </main>
        <footer data-live>
          restic-otel ${version}, as of
          <time datetime="${status.now}">${status.now.slice(0, 19).replace("T", " ")} UTC</time>
        </footer>
      </body>
    </html> `;
  return {
    status: 200,
    type: "text/html; charset=utf-8",
    body: body.text,
    headers: { "content-security-policy": CONTENT_SECURITY_POLICY },
  };
}

/** Starts the title with the number of problems, which a browser shows in the tab. */
function title({ repositories, sets, expectations }: Status): string {
  const wrong =
    expectations.filter(isUnmet).length +
    repositories.filter(({ state }) => state === "failing" || state === "damaged").length +
    sets.filter(needsAttention).length;
  return wrong > 0 ? `(${wrong}) ` : "";
}

function summary(
  { repositories, sets, expectations, lateAfterSeconds, nextCollection }: Status,
  now: number,
): Html {
  const count = (state: RepositoryHealth): number =>
    repositories.filter((one) => one.state === state).length;
  const others = (
    [
      ["failing", "failing"],
      ["damaged", "damaged"],
      ["unknown", "never collected"],
    ] as const
  ).map(([state, word]) => (count(state) > 0 ? `, ${count(state)} ${word}` : ""));
  const late = sets.filter((set) => set.late).length;
  const future = sets.filter((set) => set.future).length;
  const empties = sets.filter((set) => set.empty).length;
  const next = nextCollection === null ? undefined : (parseTime(nextCollection) - now) / 1000;
  const ofAll = expectations.length > 0;
  return html`${ofAll ? html`<strong>${metInWords(expectations)} met</strong>, ` : ""}<strong
      >${count("fine")} of ${counted(repositories.length, "repository", "repositories")}
      fine</strong
    >${others.join("")}, <strong>${counted(late, "backup set", "backup sets")}</strong> of
    ${sets.length}
    ${ofAll ? "late" : `older than ${humanDuration(lateAfterSeconds)}`}${future > 0 ? `, ${future} dated in the future` : ""}${empties > 0 ? `, ${empties} with an empty newest snapshot` : ""}${next === undefined ? "" : `, next collection ${relative(-next)}`}.`;
}

/** The worst state, as CSS class of the summary. */
function worst({ repositories, sets, expectations }: Status): string {
  const states = new Set(repositories.map(({ state }) => state));
  if (states.has("failing")) return "failing";
  if (states.has("damaged") || sets.some(needsAttention) || expectations.some(isUnmet))
    return "late";
  return states.has("unknown") || repositories.length === 0 ? "unknown" : "fine";
}

function empty({ sets }: Status, query: Query): Html {
  return sets.length === 0
    ? html`No snapshot has been read yet.`
    : html`No backup set matches the filter.
        <a href="${linkToAll(query)}">Show all ${grouped(sets.length)}</a>`;
}

function retiredSets(sets: readonly SetStatus[], query: Query, now: number): Html {
  const { setsOnPage } = pageOf(sets, 1);
  const left = sets.length - setsOnPage.length;
  return html`<details id="retired">
    <summary id="retired-count">
      ${counted(sets.length, "retired backup set", "retired backup sets")}
    </summary>
    ${setTable(setsOnPage, query, now, new Set(), "retired-count")}
    ${left > 0 ? html`<p>${counted(left, "more is", "more are")} not shown.</p>` : ""}
  </details>`;
}

/** @param hasExpectations the link "late only" is shown */
function filterForm(query: Query, hasExpectations: boolean): Html {
  const { url, host, user, q, late } = query;
  const hidden = [...parametersOf({ ...query, q: "", page: 1 })];
  const exact = [url, host, user, late ? "late only" : undefined].filter(
    (value) => value !== undefined,
  );
  return html`<form role="search">
    ${hidden.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <label
      >Find <input type="search" name="q" value="${q}" placeholder="host, user or repository"
    /></label>
    <button>Find</button>
    ${hasExpectations && !late ? html`<a href="${linkTo(query, { late: true })}">Late only</a>` : ""}
    ${exact.length > 0 || q !== "" ? html`<span>Filter: ${[...exact, ...(q === "" ? [] : [`“${q}”`])].join(", ")}. <a href="${linkToAll(query)}">Show all</a></span>` : ""}
  </form>`;
}

function pager(query: Query, page: number, pages: number, total: number): Html {
  const link = (to: number, text: string): Html =>
    to < 1 || to > pages
      ? html`<span>${text}</span>`
      : html`<a href="${linkTo(query, { page: to })}">${text}</a>`;
  return html`<nav class="pager" aria-label="Pages">
    ${link(page - 1, "← Previous")}
    <span>page ${page} of ${pages}, ${grouped(total)} sets</span> ${link(page + 1, "Next →")}
  </nav>`;
}
