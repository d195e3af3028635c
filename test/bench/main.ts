// `npm run bench [-- collections|many|scrapes|secrets] [--write]`: what a collection costs beside restic itself, and what a scrape costs.
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";

import { README, replaceBetween } from "../readme.ts";
import { benchCollections } from "./collections.ts";
import { benchMany } from "./many.ts";
import { RUNS } from "./measure.ts";
import { benchScrapes } from "./scrapes.ts";
import { benchSecrets } from "./secrets.ts";

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith("--"));
const parts = {
  collections: benchCollections,
  many: benchMany,
  scrapes: benchScrapes,
  secrets: benchSecrets,
};
const tables: string[] = [];
for (const [name, bench] of Object.entries(parts)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const table = await bench((line) => process.stderr.write(`${name}: ${line}\n`));
  process.stdout.write(`${table}\n`);
  tables.push(table);
}
if (args.includes("--write")) {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, Node.js ${process.version}`;
  const date = new Date().toISOString().slice(0, 10);
  const note = `Medians of ${RUNS} runs (least–most), peers in turn in the same run; ${date}, ${machine}.\n`;
  await writeFile(
    README,
    replaceBetween(await readFile(README, "utf8"), "bench", [...tables, note].join("\n")),
  );
}
