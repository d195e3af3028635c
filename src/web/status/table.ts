import { html } from "../html.ts";
import type { Html } from "../html.ts";

/**
 * A table cell with the title of its column, since a narrow screen shows no columns. The explicit role keeps it a cell for screen
 * readers when CSS changes its display.
 */
export function cell(title: string, value: string | number | Html, kind = "text"): Html {
  return html`<td role="cell" class="${kind}" data-title="${title}"><span>${value}</span></td>`;
}

/** A column: its title and its CSS class. */
export type Column = readonly [title: string, kind: string];

/** @param labelId id of the element that names the table */
export function scrollingTable(
  labelId: string,
  columns: readonly Column[],
  rows: readonly Html[],
): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="${labelId}">
    <table role="table" class="expectations">
      <thead role="rowgroup">
        <tr role="row">
          ${columns.map(
            ([title, kind]) =>
              html`<th role="columnheader" scope="col" class="${kind}">${title}</th>`,
          )}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows}
      </tbody>
    </table>
  </div>`;
}
