import { html } from "../html.ts";
import type { Html } from "../html.ts";

/**
 * A table cell with the title of its column, since a narrow screen shows no columns. The explicit role keeps it a cell for screen
 * readers when CSS changes its display.
 */
export function cell(title: string, value: string | number | Html, kind = "text"): Html {
  return html`<td role="cell" class="${kind}" data-title="${title}"><span>${value}</span></td>`;
}

/** A column: its title, its CSS class, and `ascending` or `descending` if the rows are sorted by it. */
export type Column = readonly [title: string | Html, kind: string, order?: string];

function heading([title, kind, order = ""]: Column): Html {
  const sorted = order === "" ? "" : html`aria-sort="${order}"`;
  return html`<th role="columnheader" scope="col" class="${kind}" ${sorted}>${title}</th>`;
}

/**
 * @param subject CSS class of the table
 * @param labelId id of the element that names the table
 */
export function scrollingTable(
  subject: string,
  labelId: string,
  columns: readonly Column[],
  rows: readonly Html[],
): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="${labelId}">
    <table role="table" class="${subject}">
      <thead role="rowgroup">
        <tr role="row">
          ${columns.map(heading)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows}
      </tbody>
    </table>
  </div>`;
}
