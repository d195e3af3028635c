import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, expect, onTestFinished, test } from "vitest";

import { seal } from "../../../instrumentation/restic/state-dir/line.ts";
import { SnapshotJournal } from "../../../instrumentation/restic/state-dir/snapshot-journal.ts";
import { HistoryScene } from "../../support/repository/history-scene.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";

const NOW = 1_767_225_600_000;

let path: string;
let scene: HistoryScene;
/** Ids that the journal has. */
let kept: Set<string>;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "kept-changes-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  path = join(folder, "journal");
  scene = new HistoryScene();
  kept = new Set();
});

const sealed = new SealedRepository("p");
const key = sealed.masterKey().derive("restic-otel state");

function journal(): SnapshotJournal {
  return new SnapshotJournal(path, sealed.id, key, NOW);
}

/** A collection of the scene that the journal keeps. */
async function keep(open: SnapshotJournal): Promise<void> {
  await open.append([...scene.listed.values()].filter(({ id }) => !kept.has(id)));
  for (const id of scene.listed.keys()) kept.add(id);
  scene.collect();
  const listing = { at: scene.now, completeAt: scene.now };
  const { listed: snapshots, history } = scene;
  await open.settle({ ...listing, snapshots: new Map(snapshots), unreadable: new Map(), history });
}

async function lines(): Promise<number> {
  return (await readFile(path, "utf8")).split("\n").length;
}

test("a history survives a restart, also after the file was rewritten, and is written only if it changed", async () => {
  const all = [0, 1, 2, 3].map((hour) => scene.add({ hour, host: `h${hour}` }));
  scene.keys = new Set(["k"]);
  const open = journal();
  await open.read();
  await keep(open);
  const [first, second] = all;
  if (first) scene.remove(first);
  scene.add({ host: "h9", original: second?.id ?? "" });
  if (second) scene.remove(second);
  scene.keys = new Set(["k", "l"]);
  scene.appendOnly = true;
  await keep(open);
  expect(scene.history?.events.length).toBeGreaterThan(3);
  expect((await journal().read()).content.listed?.history).toEqual(scene.history);

  const before = await readFile(path, "utf8");
  await keep(open);
  const added = (await readFile(path, "utf8")).slice(before.length);
  expect(added.length).toBeLessThan(100);

  let count = await lines();
  for (let collection = 0; collection < 300; collection++) {
    await keep(open);
    const now = await lines();
    if (now < count) break;
    count = now;
  }
  expect(await lines()).toBeLessThan(count);
  expect((await journal().read()).content.listed?.history).toEqual(scene.history);
});

test("a file with an event that this version does not know is not trusted", async () => {
  scene.add();
  const open = journal();
  await open.read();
  await keep(open);
  const { content } = await journal().read();
  expect(content.listed?.history?.totals.added).toBe(0);
  const text = await readFile(path, "utf8");
  const last = text.trimEnd().split("\n").at(-1)?.slice(33) ?? "";
  const forged = JSON.stringify(
    JSON.parse(last).map((part: unknown, index: number) =>
      index === 5 && Array.isArray(part)
        ? part.map((inner: unknown, at) => (at === 6 ? [[NOW, "unheard_of"]] : inner))
        : part,
    ),
  );
  await writeFile(path, text + seal(forged, key));
  expect((await journal().read()).problem).toMatch(/^has an unknown record \(line \d+\)$/);
});
