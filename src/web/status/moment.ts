import { html } from "../html.ts";
import type { Html } from "../html.ts";
import { parseIsoTime } from "./time.ts";
import { relative } from "./quantity.ts";

/** `2026-01-31 06:30 UTC`. */
export function clockTime(time: string): string {
  return `${time.slice(0, 16).replace("T", " ")} UTC`;
}

/** A time as people ask for it, how long ago, and as clocks show it. */
export function ago(time: string, now: number): Html {
  return html`<time datetime="${time}"
    >${relative((now - parseIsoTime(time)) / 1000)} <small>${clockTime(time)}</small></time
  >`;
}
