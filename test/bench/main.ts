// `npm run bench`: what a collection costs beside restic itself, and what a scrape costs. Writes the table of the README with `--write`.
import { cpus } from "node:os";

import { benchCollections } from "./collections.ts";
import { benchScrapes } from "./scrapes.ts";
import { writeBench } from "./readme.ts";

const args = process.argv.slice(2);
const parts = { collections: benchCollections, scrapes: benchScrapes };
const chosen = Object.entries(parts).filter(([name]) => args.every((arg) => arg.startsWith("--")) || args.includes(name));

const tables: string[] = [];
for (const [, bench] of chosen) {
  const table = await bench((line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${table}\n`);
  tables.push(table);
}
const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, Node.js ${process.version}, ${new Date().toISOString().slice(0, 10)}`;
if (args.includes("--write")) await writeBench([...tables, `Medians (min–max), peers in turn in the same run: ${machine}.`].join("\n"));
