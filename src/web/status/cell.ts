import { html } from "../html.ts";
import type { Html } from "../html.ts";

/**
 * A table cell with the title of its column, since a narrow screen shows no columns. The explicit role keeps it a cell for screen
 * readers when CSS changes its display.
 */
export function cell(title: string, value: string | number | Html, kind = "text"): Html {
  return html`<td role="cell" class="${kind}" data-title="${title}"><span>${value}</span></td>`;
}
