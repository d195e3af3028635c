import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { replaceBetween } from "./docs.ts";

export const SCALE_README = new URL("../../examples/scale/README.md", import.meta.url);

const REPOSITORIES = 10_000;
const POLL_MINUTES = 5;
const SHARDS = 5;
/** Hours of a month: 365 × 24 / 12. */
const HOURS = 730;

/** Its restic_backend.go supports only B2 and REST servers. */
const WITHOUT_S3 = "mcrute/restic-reporter";

/** Prices in dollars. examples/scale/README.md names the sources. */
interface Price {
  readonly list: number;
  readonly read: number;
  readonly write: number;
  /** The number of free lists, and also of free reads. */
  readonly freeCallsADay: number;
  /** The price of a gigabyte of egress beyond so many gigabytes a month. */
  readonly gigabytes: readonly (readonly [beyond: number, price: number])[];
}

const B2: Price = {
  list: 0.004 / 1000,
  read: 0.004 / 10_000,
  write: 0,
  freeCallsADay: 2500,
  gigabytes: [[HOURS / 24, 0.01]],
};

const S3: Price = {
  list: 0.005 / 1000,
  read: 0.0004 / 1000,
  write: 0.005 / 1000,
  freeCallsADay: 0,
  gigabytes: [
    [100, 0.09],
    [10_240, 0.085],
    [51_200, 0.07],
    [153_600, 0.05],
  ],
};

/** The calls, traffic and CPU of a program in a month. */
interface Month {
  readonly lists: number;
  readonly reads: number;
  /** Without deletions, which are free at B2 and S3. */
  readonly writes: number;
  readonly receivedGigabytes: number;
  readonly cores: number;
}

/** The cells of a row by the names of their columns. */
type Row = ReadonlyMap<string, string>;

/** The rows of the first table in `text` with this column. @throws Error if there is none */
function tableWith(text: string, column: string): readonly Row[] {
  const cells = (line: string): readonly string[] =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
  for (const table of text.match(/(?:^\|.*\|\n)+/gm) ?? []) {
    const [head = "", , ...rows] = table.trimEnd().split("\n");
    const names = cells(head);
    if (names.includes(column))
      return rows.map(
        (row) => new Map(cells(row).map((cell, index) => [names[index] ?? "", cell])),
      );
  }
  throw new Error(`no table has a column ${column}`);
}

/** The median in a cell, without the range behind it. @throws Error if the cell has no number */
function figureIn(row: Row | undefined, column: string): number {
  const value = Number.parseFloat(row?.get(column) ?? "");
  if (Number.isNaN(value)) throw new Error(`no figure in ${column}`);
  return value;
}

/** Only restic-otel starts no process for a poll. */
const isAgent = (poll: Row): boolean => poll.get("processes") === "0";

function monthOf(poll: Row, agents: number, pollMinutes: number): Month {
  const polls = (REPOSITORIES * agents * HOURS * 60) / pollMinutes;
  return {
    // The agent also lists the keys, with a poll but at most once an hour.
    lists:
      polls * figureIn(poll, "lists") +
      (isAgent(poll) ? Math.min(polls, REPOSITORIES * agents * HOURS) : 0),
    reads: polls * figureIn(poll, "reads"),
    writes: polls * figureIn(poll, "writes"),
    receivedGigabytes: (polls * figureIn(poll, "KiB received") * 1024) / 1e9,
    cores: (REPOSITORIES * agents * figureIn(poll, "CPU s")) / (pollMinutes * 60),
  };
}

function ofCalls({ lists, reads, writes }: Month, price: Price): number {
  const billed = (calls: number): number => Math.max(0, calls - (price.freeCallsADay * HOURS) / 24);
  return billed(lists) * price.list + billed(reads) * price.read + writes * price.write;
}

function ofTraffic({ receivedGigabytes }: Month, { gigabytes }: Price): number {
  return gigabytes.reduce((sum, [beyond, price], index) => {
    const end = gigabytes[index + 1]?.[0] ?? Infinity;
    return sum + Math.max(0, Math.min(receivedGigabytes, end) - beyond) * price;
  }, 0);
}

const grouped = (value: number): string => Math.round(value).toLocaleString("en-US");
const millions = (calls: number): string => (calls === 0 ? "0" : `${grouped(calls / 1e6)} M`);
const dollar = (value: number): string => `$${grouped(value)}`;

/** For other programs: the memory of the parallel restic processes if each has a core, without the program that starts them. */
function memory(poll: Row, { cores }: Month, agents: number, shard: Row): string {
  const mib = isAgent(poll)
    ? agents * SHARDS * figureIn(shard, "peak MiB")
    : cores * figureIn(poll, "peak MiB");
  return `${isAgent(poll) ? "" : "≥ "}${(mib / 1024).toFixed(1)} GiB`;
}

function programs(polls: readonly Row[], shard: Row): readonly string[] {
  const line = (name: string, poll: Row, agents: number): string => {
    const month = monthOf(poll, agents, POLL_MINUTES);
    const onS3 = (cell: string): string => (name === WITHOUT_S3 ? "cannot" : cell);
    const cells = [
      name,
      millions(month.lists),
      millions(month.reads),
      millions(month.writes),
      month.cores.toFixed(month.cores < 10 ? 2 : 0),
      memory(poll, month, agents, shard),
      // With the native protocol of B2, restic makes more calls.
      `${isAgent(poll) ? "" : "≥ "}${dollar(ofCalls(month, B2))}`,
      onS3(dollar(ofCalls(month, S3))),
      `${grouped(month.receivedGigabytes)} GB`,
      dollar(ofTraffic(month, B2)),
      onS3(dollar(ofTraffic(month, S3))),
    ];
    return `| ${cells.join(" | ")} |`;
  };
  return [
    "| 10,000 repositories, a poll each 5 minutes | lists a month | reads | writes | cores busy | memory | B2, calls | S3, calls | received | B2, traffic | S3, traffic |",
    "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
    ...polls.flatMap((poll) => {
      const name = poll.get("one poll of a repository") ?? "";
      return isAgent(poll)
        ? [
            line(`${name}, ${SHARDS} agents`, poll, 1),
            line(`${name}, ${SHARDS} pairs of agents`, poll, 2),
          ]
        : [line(name, poll, 1)];
    }),
  ];
}

/** The costs of restic-otel for longer intervals. */
function intervals(poll: Row): readonly string[] {
  return [
    "| 10,000 repositories, by restic-otel, calls and traffic | B2, 5 agents | B2, 5 pairs | S3, 5 agents | S3, 5 pairs |",
    "| --- | --: | --: | --: | --: |",
    ...Object.entries(INTERVALS).map(([name, minutes]) => {
      const cells = [B2, S3].flatMap((price) =>
        [1, 2].map((agents) => {
          const month = monthOf(poll, agents, minutes);
          return dollar(ofCalls(month, price) + ofTraffic(month, price));
        }),
      );
      return `| ${[name, ...cells].join(" | ")} |`;
    }),
  ];
}

const INTERVALS = {
  "each 5 minutes": 5,
  "each 15 minutes": 15,
  "each hour": 60,
  "each day": 24 * 60,
} as const;

/** examples/scale/README.md as it is, and with computed tables. */
export async function scaleReadme(): Promise<{ readonly actual: string; expected: string }> {
  const actual = await readFile(SCALE_README, "utf8");
  const polls = tableWith(actual, "one poll of a repository");
  const [own] = polls;
  const [shard] = tableWith(actual, "a shard");
  if (!own || !shard) throw new Error("no measurements: run npm run bench:polls -- --write");
  const tables = [...programs(polls, shard), "", ...intervals(own), ""];
  return { actual, expected: replaceBetween(actual, "costs", tables.join("\n")) };
}

// `import.meta.main` needs Node.js 24.2.
if (process.argv[1] === fileURLToPath(import.meta.url))
  await writeFile(SCALE_README, (await scaleReadme()).expected);
