/** `npm run fuzz -- [--seconds 60] [--seed N]`: see CONTRIBUTING. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { fuzz } from "./fuzz.ts";
import type { Fault } from "./fuzz.ts";
import type { Target } from "./target.ts";
import { ANSWERS } from "./targets/answers.ts";
import { REPOSITORY } from "./targets/repository.ts";
import { SETTINGS_FILES } from "./targets/settings.ts";
import { STATE } from "./targets/state.ts";
import { openSystems } from "./targets/systems.ts";
import { TEXTS } from "./targets/texts.ts";

const CORPUS = join(import.meta.dirname, "../fixtures/fuzz");

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string" } },
});
const seconds = Number(values.seconds);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
if (!(seconds > 0) || !Number.isInteger(seed))
  throw new Error("usage: npm run fuzz -- [--seconds 60] [--seed 1]");

const folderOf = (name: string): string => join(CORPUS, name.replaceAll(/\W+/g, "-"));

function corpus({ name }: Target): readonly Buffer[] {
  const folder = folderOf(name);
  return existsSync(folder)
    ? readdirSync(folder).map((file) => readFileSync(join(folder, file)))
    : [];
}

let faults = 0;
function onFault({ target, kind, message, input }: Fault): void {
  faults += 1;
  const folder = folderOf(target);
  const file = join(folder, createHash("sha256").update(input).digest("hex").slice(0, 16));
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, input);
  process.stderr.write(
    `${target}: ${kind}: ${message}\n  input of ${input.length} bytes: ${file}\n`,
  );
}

// A crash in a callback, or a rejection that the code under test does not handle.
for (const event of ["uncaughtException", "unhandledRejection"] as const)
  process.on(event, (error: unknown) => {
    faults += 1;
    process.stderr.write(`${event}: ${error instanceof Error ? error.stack : String(error)}\n`);
  });

const systems = await openSystems();
const targets = [
  ...REPOSITORY,
  ...STATE,
  ...ANSWERS,
  ...TEXTS,
  ...SETTINGS_FILES,
  ...systems.targets,
];
const calls = await fuzz(targets, { seed, seconds, corpus, onFault });
await systems.close();
process.stdout.write(
  `seed ${seed}: ${calls} inputs for ${targets.length} parsers, ${faults} faults\n`,
);
process.exit(faults > 0 ? 1 : 0);
