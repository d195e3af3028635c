import { stripVTControlCharacters, styleText } from "node:util";

import { wrap } from "../../settings/wrap.ts";
import { printable } from "../../printable.ts";
import { countsOf, isUnmet, metInWords } from "./expectation-status.ts";
import type { ExpectationStatus } from "./expectation-status.ts";
import { metByInWords } from "./holders.ts";
import { changesInWords } from "./changes/change-text.ts";
import { counted, humanDuration } from "./quantity.ts";
import { parseQuery, select } from "./query.ts";
import { reasonInWords } from "./reason.ts";
import { minuteOf, parseTime } from "./time.ts";
import { failingUrls, setStates } from "./sets/set-state.ts";
import type { SetStatus } from "./sets/set-status.ts";
import type { RepositoryStatus, Status } from "./status.ts";

/** Columns of the sets, behind the repository, and of the expectations. The last one is colored, and not padded. */
const TITLES = ["HOST", "USER", "SNAPSHOTS", "NEWEST (UTC)", "AGE", "STATE"] as const;
const EXPECTATION_TITLES = ["HOST", "USER", "NEWEST (UTC)", "REASON"] as const;
const RIGHT: ReadonlySet<string> = new Set(["SNAPSHOTS"]);
const GAP = "  ";
/** Message and hint are easier to read in lines of this length, however wide the terminal is. */
const PROSE = 100;

/** The width of the terminal; elsewhere `COLUMNS`, else 80. */
export function terminalColumns(): number {
  return process.stdout.columns || Number(process.env["COLUMNS"]) || 80;
}

/**
 * The status as text: the unmet expectations, a row for each backup set, sorted by repository, then the repositories that failed, are damaged or have no
 * snapshots, with class and hint, and what changed in the repositories, as far as it is known. Colored if stdout is a terminal.
 * @param columns width of the terminal. If the rows are wider, repositories and expectations have lines of their own above their rows
 */
export function textTable(status: Status, columns: number): string {
  const { repositories, sets, expectations } = select(
    status,
    parseQuery(new URLSearchParams("sort=url")),
  );
  const prose = Math.min(columns, PROSE);
  const failing = failingUrls(status);
  const filled = new Set(sets.map(({ url }) => url));
  const named = repositories.filter(({ url, error }) => error !== null || !filled.has(url));
  const blocks = [
    ...(expectations.length > 0
      ? [expectationRows(expectations, status.hiddenSlots, columns)]
      : []),
    ...(sets.length > 0 ? [setRows(sets, failing, columns)] : []),
    ...named.map((repository) => explanation(repository, prose)),
    ...repositories.map((repository) => changed(repository, parseTime(status.now), prose)),
    [totals(status, failing)],
  ].filter((lines) => lines.length > 0);
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** The unmet ones, and how many are met. */
function expectationRows(
  expectations: readonly ExpectationStatus[],
  hidden: number,
  columns: number,
): readonly string[] {
  const rows = expectations.filter(isUnmet).map((one) => {
    const { name, host = "any", user = "any", newest } = one;
    const time = newest === null ? "–" : minuteOf(newest);
    const row = [printable(host), printable(user), time, printable(reasonInWords(one))];
    return { head: name, row };
  });
  const { paused } = countsOf(expectations);
  const total = `${metInWords(expectations)} met${paused > 0 ? `, ${paused} paused` : ""}${hidden > 0 ? `, ${hidden} above maxSlots not shown` : ""}`;
  if (rows.length === 0) return [total];
  return [...lined("EXPECTATION", EXPECTATION_TITLES, rows, columns), total];
}

function setRows(
  sets: readonly SetStatus[],
  failing: ReadonlySet<string>,
  columns: number,
): readonly string[] {
  const rows = sets.map((set) => ({ head: printable(set.url), row: cells(set, failing) }));
  return lined("REPOSITORY", TITLES, rows, columns);
}

interface Row {
  readonly head: string;
  readonly row: readonly string[];
}

/** A line for each row; if they are too wide, a line for each head, with its rows below. */
function lined(
  title: string,
  titles: readonly string[],
  rows: readonly Row[],
  columns: number,
): readonly string[] {
  const flat = aligned([[title, ...titles], ...rows.map(({ head, row }) => [head, ...row])]);
  if (flat.every((line) => stripVTControlCharacters(line).length <= columns)) return flat;
  const [first, ...lines] = aligned([titles, ...rows.map(({ row }) => row)]);
  return [
    title,
    GAP + (first ?? ""),
    ...lines.flatMap((line, index) => {
      const head = rows[index]?.head ?? "";
      return head === rows[index - 1]?.head ? [GAP + line] : [head, GAP + line];
    }),
  ];
}

function cells(set: SetStatus, failing: ReadonlySet<string>): readonly string[] {
  const { host, user, snapshots, newest, ageSeconds } = set;
  return [
    printable(host),
    printable(user),
    String(snapshots),
    minuteOf(newest),
    `${ageSeconds < 0 ? "in " : ""}${humanDuration(ageSeconds)}`,
    setStates(set, failing).join(", ") +
      (set.metBy.length > 0 ? `, ${printable(metByInWords(set))}` : ""),
  ];
}

/** @param rows the first one has the titles; the last cell of the others is the state */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const [titles = []] = rows;
  const widths = titles.map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  return rows.map((row, index) => {
    const padded = row.slice(0, -1).map((cell, column) => {
      const width = widths[column] ?? 0;
      return RIGHT.has(titles[column] ?? "") ? cell.padStart(width) : cell.padEnd(width);
    });
    const last = row.at(-1) ?? "";
    return [...padded, index === 0 ? last : colored(last)].join(GAP);
  });
}

function colored(states: string): string {
  return states === "retired" || states.startsWith("old")
    ? states
    : styleText(states === "ok" ? "green" : "red", states);
}

function explanation(repository: RepositoryStatus, columns: number): readonly string[] {
  const { url, state, error } = repository;
  if (!error) return [`${printable(url)}: ${styleText("red", "no snapshots")}`];
  const { type, message, hint } = error;
  return [
    `${printable(url)}: ${styleText("red", `${state}, ${type}`)}`,
    ...indented(message, columns),
    ...indented(hint, columns),
  ];
}

/** Empty: no change is known. */
function changed(repository: RepositoryStatus, now: number, columns: number): readonly string[] {
  const words = changesInWords(repository, now);
  if (words.length === 0) return [];
  return [`${printable(repository.url)}: changes`, ...indented(words.join(", "), columns)];
}

function indented(text: string, columns: number): readonly string[] {
  return wrap(printable(text), columns - GAP.length).map((line) => GAP + line);
}

function totals({ repositories, sets }: Status, failing: ReadonlySet<string>): string {
  const fine = repositories.filter(({ state }) => state === "fine").length;
  const expected = sets.filter(({ retired }) => !retired);
  const good = expected.filter((set) => setStates(set, failing).join() === "ok").length;
  const all = counted(repositories.length, "repository", "repositories");
  return `${fine} of ${all} fine, ${good} of ${counted(expected.length, "backup set", "backup sets")} ok`;
}
