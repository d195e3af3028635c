import { html } from "../html.ts";
import type { Html } from "../html.ts";
import { cell, scrollingTable } from "./table.ts";
import { countsOf, isUnmet } from "./expectation-status.ts";
import type { ExpectationStatus } from "./expectation-status.ts";
import { holdersInWords } from "./holders.ts";
import { counted, grouped, humanDuration } from "./quantity.ts";
import { linkTo } from "./query.ts";
import type { Query } from "./query.ts";
import { reasonInWords, retentionInWords } from "./reason.ts";
import type { Column } from "./table.ts";
import { ago, clockTime } from "./time.ts";

/** More rows are left out of the page: the search finds them. */
const MAX_ROWS = 200;

const COLUMNS: readonly Column[] = [
  ["State", "states"],
  ["Expectation", "text"],
  ["Host", "host"],
  ["User", "name"],
  ["Newest", "newest"],
  ["Reason", "why"],
];

/** The unmet expectations, the worst first, and the others folded away. */
export function expectationTables(
  expectations: readonly ExpectationStatus[],
  hiddenSlots: number,
  query: Query,
  now: number,
): Html {
  const unmet = expectations.filter(isUnmet);
  const others = expectations.filter((one) => !isUnmet(one));
  const { met, paused } = countsOf(expectations);
  return html`<h2 id="expectations">Expectations</h2>
    ${unmet.length > 0 ? table(unmet, query, now, "expectations") : html`<p>${expectations.length > 0 ? "None is unmet." : "No expectation matches the filter."}</p>`}
    ${
      others.length > 0
        ? html`<details id="met">
            <summary id="met-count">
              ${counted(met, "slot", "slots")} met${paused > 0 ? `, ${grouped(paused)} paused` : ""}
            </summary>
            ${table(others, query, now, "met-count")}
          </details>`
        : ""
    }
    ${hiddenSlots > 0 ? html`<p>${counted(hiddenSlots, "slot is", "slots are")} above maxSlots, and not shown.</p>` : ""}`;
}

/** @param labelId id of the element that names the table */
function table(
  expectations: readonly ExpectationStatus[],
  query: Query,
  now: number,
  labelId: string,
): Html {
  const left = expectations.length - MAX_ROWS;
  const shown = expectations.slice(0, MAX_ROWS).map((one) => row(one, query, now));
  return html`${scrollingTable("expectations", labelId, COLUMNS, shown)}
  ${left > 0 ? html`<p>${counted(left, "more is", "more are")} not shown.</p>` : ""}`;
}

function row(expectation: ExpectationStatus, query: Query, now: number): Html {
  const { name, host, user, newest } = expectation;
  const [state, word] = stateOf(expectation);
  const why = isUnmet(expectation) ? reasonInWords(expectation) : whyFine(expectation);
  const kept = retentionInWords(expectation);
  const link =
    host === undefined
      ? "any"
      : html`<a href="${linkTo(query, { url: undefined, host, user })}">${host}</a>`;
  return html`<tr role="row">
    ${cell("State", html`<span class="state ${state}">${word}</span>`, "states")}
    <th role="rowheader" scope="row">${name}</th>
    ${cell("Host", link, "host")} ${cell("User", user ?? "any", "name")}
    ${cell("Newest", newest === null ? "–" : ago(newest, now), "newest")}
    ${cell("Reason", kept === "" ? why : `${why} · ${kept}`, "why")}
  </tr> `;
}

function whyFine({ maxAgeSeconds, paused, pausedUntil, heldBy }: ExpectationStatus): string {
  if (pausedUntil !== null) return `until ${clockTime(pausedUntil)}`;
  if (paused) return "none of its repositories is enabled";
  const age = `at most ${humanDuration(maxAgeSeconds)} old`;
  return heldBy.length > 0 ? `${age}, met by ${holdersInWords(heldBy)}` : age;
}

/** CSS class and word. */
function stateOf({ reasons: [worst], paused }: ExpectationStatus): readonly [string, string] {
  if (worst === "never_seen") return ["failing", "never seen"];
  if (worst === "unknown") return ["unknown", "unknown"];
  if (worst !== undefined) return [worst === "late" ? "late" : "damaged", worst.replace("_", " ")];
  return paused ? ["unknown", "paused"] : ["ok", "met"];
}
