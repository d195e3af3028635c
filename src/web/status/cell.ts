import { html } from "../html.ts";
import type { Html } from "../html.ts";

/**
 * A cell that has its column's title with it: a narrow screen has no columns. The role is said since a table that is laid out
 * otherwise is none any more for screen readers.
 */
export function cell(title: string, value: string | number | Html, kind = "text"): Html {
  return html`<td role="cell" class="${kind}" data-title="${title}"><span>${value}</span></td>`;
}
