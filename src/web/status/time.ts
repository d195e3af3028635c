import { html } from "../html.ts";
import type { Html } from "../html.ts";
import { relative } from "./quantity.ts";

/** ISO 8601 in UTC, of milliseconds since the epoch. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** As isoTime; null: not known. */
export function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : isoTime(ms);
}

/** Milliseconds since the epoch. */
export function parseTime(time: string): number {
  return Date.parse(time);
}

/** `2026-01-31 06:30`. */
export function minuteOf(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}

/** `2026-01-31 06:30 UTC`. */
export function clockTime(time: string): string {
  return `${minuteOf(time)} UTC`;
}

/** A time relative to now, with the absolute time. */
export function ago(time: string, now: number): Html {
  return html`<time datetime="${time}"
    >${relative((now - parseTime(time)) / 1000)} <small>${clockTime(time)}</small></time
  >`;
}

/** A time relative to now, within a line. */
export function shortAgo(time: string, now: number): Html {
  return html`<time datetime="${time}" title="${clockTime(time)}"
    >${relative((now - parseTime(time)) / 1000)}</time
  >`;
}
