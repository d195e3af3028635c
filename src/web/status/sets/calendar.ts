import { html } from "../../html.ts";
import type { Html } from "../../html.ts";
import { counted } from "../quantity.ts";
import type { GapStatus, SetStatus } from "./set-status.ts";
import { parseTime } from "../time.ts";

const DAYS = 30;
const DAY_MS = 86_400_000;
/** Pixels of a day. */
const STEP = 4;
const WIDTH = DAYS * STEP;

/** A bar for each day with a snapshot, today at the right, and a line below the expected periods without one. */
export function calendar({ daysAgo, gaps }: SetStatus, now: number): Html {
  const end = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  const x = (time: string): number =>
    Math.max(0, Math.round((DAYS - (end - parseTime(time)) / DAY_MS) * STEP));
  const label = `snapshots on ${daysAgo.length} of the last ${DAYS} days${gapsInWords(gaps)}`;
  return html`<svg role="img" width="${WIDTH}" height="16" viewBox="0 0 ${WIDTH} 16">
    <title>${label}</title>
    <path class="axis" d="M0 15.5h${WIDTH}" />
    ${daysAgo.map(
      (daysBack) => html`<rect x="${(DAYS - 1 - daysBack) * STEP}" y="2" width="3" height="13" />`,
    )}
    ${gaps.map(
      ({ from, until }) =>
        html`<rect
          class="gap"
          x="${x(from)}"
          y="13"
          width="${Math.max(1, x(until) - x(from))}"
          height="2"
        />`,
    )}
  </svg>`;
}

/** `, none in 2 expected days and 1 expected week`. */
function gapsInWords(gaps: readonly GapStatus[]): string {
  const counts = Map.groupBy(gaps, ({ period }) => WORDS[period]);
  const parts = Array.from(counts, ([word, all]) =>
    counted(all.length, `expected ${word}`, `expected ${word}s`),
  );
  return parts.length === 0 ? "" : `, none in ${parts.join(" and ")}`;
}

const WORDS: Readonly<Record<GapStatus["period"], string>> = {
  hourly: "hour",
  daily: "day",
  weekly: "week",
  monthly: "month",
  yearly: "year",
};
