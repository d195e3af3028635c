import { statusPage } from "../../../src/web/status/page.ts";
import { parseQuery } from "../../../src/web/status/query.ts";
import type { Query } from "../../../src/web/status/query.ts";
import type { Status } from "../../../src/web/status/status.ts";

export const queryOf = (query: string): Query => parseQuery(new URLSearchParams(query));

/** The status page. */
export function page(status: Status, query = ""): string {
  const agent = { version: "1.2.3", telemetryPath: "/metrics" };
  return String(statusPage(agent, status, queryOf(query)).body);
}

/** The text of the rows of a table or a folded part, by a place in the page. */
export function rows(body: string, from: string, to: string): readonly string[] {
  const part = body.slice(body.indexOf(from), body.indexOf(to));
  return [...part.matchAll(/<tr role="row">(.*?)<\/tr>/gs)]
    .slice(1)
    .map(([, row = ""]) => text(row));
}

/** The text of markup, without that of images. */
export function text(markup: string): string {
  return markup
    .replaceAll(/<svg.*?<\/svg>/gs, " ")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** The texts of the first list of a page about a repository. */
export function listItems(markup: string): readonly string[] {
  const list = /<ul class="locks">([^]*?)<\/ul>/.exec(markup)?.[1] ?? "";
  return [...list.matchAll(/<li>([^]*?)<\/li>/g)].map(([, item = ""]) =>
    item
      .replaceAll(/<[^>]*>/g, "")
      .replaceAll(/\s+/g, " ")
      .trim(),
  );
}
