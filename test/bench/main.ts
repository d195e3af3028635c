// `npm run bench [-- <part> …] [--write]`: time, memory and requests of the agent, compared with restic and with other metrics libraries.
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";

import { page, replaceBetween } from "../house/docs.ts";
import { benchBounds } from "./parts/bounds.ts";
import { benchChanging } from "./parts/changing.ts";
import { benchCollections } from "./parts/collections.ts";
import { benchExpectations } from "./parts/expectations.ts";
import { benchFar } from "./parts/far.ts";
import { benchFlat } from "./parts/flat.ts";
import { goalsTable } from "./goals.ts";
import type { Findings, Goal } from "./goals.ts";
import { benchInventory } from "./parts/inventory.ts";
import { benchMany } from "./parts/many.ts";
import { RUNS } from "./measure.ts";
import { benchMemory } from "./parts/memory.ts";
import { benchPush } from "./parts/push.ts";
import { benchS3 } from "./parts/s3.ts";
import { benchScrapes } from "./parts/scrapes.ts";
import { benchSecrets } from "./parts/secrets.ts";
import { benchStart } from "./parts/start.ts";

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith("--"));
type Bench = (log: (line: string) => void) => Promise<Findings>;

/** Title and bench of each part. */
const parts: Readonly<Record<string, readonly [title: string, bench: Bench]>> = {
  collections: ["First, steady and restarted collections", benchCollections],
  far: ["Collections 20 ms away", benchFar],
  s3: ["Collections from S3", benchS3],
  memory: ["Peak memory with 100,000 snapshots", benchMemory],
  many: ["Many repositories", benchMany],
  scrapes: ["Scrapes of an unchanged store", benchScrapes],
  changing: ["Scrapes while the store changes", benchChanging],
  expectations: ["Expectations", benchExpectations],
  flat: ["Memory over time", benchFlat],
  start: ["Start", benchStart],
  push: ["Pushes by OTLP", benchPush],
  secrets: ["Secrets in Vault", benchSecrets],
  inventory: ["Inventories", benchInventory],
  bounds: ["Untrusted bytes at their bounds", benchBounds],
};
for (const name of names)
  if (!(name in parts))
    throw new Error(`unknown part ${name}; known parts: ${Object.keys(parts).join(", ")}`);
const texts: string[] = [];
const goals: Goal[] = [];
for (const [name, [title, bench]] of Object.entries(parts)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const log = (line: string): boolean => process.stderr.write(`${name}: ${line}\n`);
  const startedMs = performance.now();
  try {
    const { text, goals: found } = await bench(log);
    const section = `### ${title}\n\n${text}`;
    process.stdout.write(`${section}\n`);
    texts.push(section);
    goals.push(...found);
  } catch (error) {
    // The other parts take an hour: continue, and print their results.
    process.exitCode = 1;
    log(`failed: ${String(error)}`);
  }
  log(`took ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
}
const reached = `### Goals\n\n${goalsTable(goals)}`;
process.stdout.write(reached);
if (args.includes("--write") && process.exitCode !== 1) {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, Node.js ${process.version}`;
  const date = new Date().toISOString().slice(0, 10);
  const note = `Medians (minimum–maximum) of ${RUNS} runs; of ${RUNS * 3} runs for 1,000 snapshots or less and for starts. The programs take turns within a run. ${date}, ${machine}.\n`;
  await writeFile(
    page("performance"),
    replaceBetween(
      await readFile(page("performance"), "utf8"),
      "bench",
      [...texts, reached, note].join("\n"),
    ),
  );
}
