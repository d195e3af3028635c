import { expect, test } from "vitest";

import type { FileType, Page } from "../../../instrumentation/backends/backend.ts";
import { FINE, InventoryScene, sceneOfTwo } from "../../support/inventory/inventory-scene.ts";

/** Changes a page of a listing; `turn` counts the pages of the type from 0. */
type Lie = (page: Page, turn: number) => Page;

/** A scene of two backups whose storage lies about one type. */
function lying(type: FileType, lie: Lie, made = sceneOfTwo()): InventoryScene {
  const backend = made.backend.bind(made);
  let turn = 0;
  made.backend = () => {
    const honest = backend();
    return {
      ...honest,
      list: async (wanted, ...rest) => {
        const page = await honest.list(wanted, ...rest);
        return wanted === type ? lie(page, turn++) : page;
      },
    };
  };
  return made;
}

const without = ({ names, sizes, ...page }: Page, count: number): Page => ({
  ...page,
  names: names.slice(count),
  sizes: sizes?.slice(count),
});

const once = (lie: (page: Page) => Page, at = 0): Lie => {
  return (page, turn) => (turn === at ? lie(page) : page);
};

const GROWN: Lie = ({ sizes = [], ...page }) => ({ ...page, sizes: sizes.map((size) => size + 1) });

test.for<readonly [string, FileType, Lie]>([
  ["packs are missing in one listing", "data", once((page) => without(page, 3))],
  ["no pack is in one listing", "data", once((page) => without(page, 4))],
  ["sizes are wrong in one listing", "data", once((page) => GROWN(page, 0))],
  [
    "packs are missing in one listing and have wrong sizes in the next",
    "data",
    (page, turn) => (turn === 0 ? without(page, 4) : turn === 1 ? GROWN(page, 0) : page),
  ],
  [
    "packs have wrong sizes in one listing and are missing in the next",
    "data",
    (page, turn) => (turn === 0 ? GROWN(page, 0) : turn === 1 ? without(page, 4) : page),
  ],
  [
    "each pack is listed twice",
    "data",
    ({ names, sizes = [], ...page }) => ({
      ...page,
      names: [...names, ...names],
      sizes: [...sizes, ...sizes],
    }),
  ],
  [
    "packs are listed in another order",
    "data",
    ({ names, sizes = [], ...page }) => ({
      ...page,
      names: names.toReversed(),
      sizes: sizes.toReversed(),
    }),
  ],
  ["no index file is in the first listing", "index", once((page) => without(page, 2))],
  ["no index file is in the second listing", "index", once((page) => without(page, 2), 1)],
  ["an index file is missing in the second listing", "index", once((page) => without(page, 1), 1)],
  [
    "each index file is listed twice",
    "index",
    ({ names, sizes = [], ...page }) => ({
      ...page,
      names: [...names, ...names],
      sizes: [...sizes, ...sizes],
    }),
  ],
] as const)("nothing is bad although %s", async ([, type, lie]) => {
  for (const isFirst of [true, false]) {
    const made = sceneOfTwo();
    if (!isFirst) await made.take();
    lying(type, lie, made);
    const { missing, damaged, orphans, lost, unrestorable } = await made.take();
    expect([missing, damaged, orphans, lost, unrestorable]).toEqual([[], [], [], [], []]);
    expect((await made.takeAfter(2)).counts).toMatchObject({ ...FINE, indexFiles: 2 });
  }
});

test("a second look without sizes fails the inventory: no pack is called damaged", async () => {
  const made = lying("data", (page, turn) =>
    turn === 0 ? GROWN(page, 0) : { ...page, sizes: undefined },
  );
  await expect(made.take()).rejects.toMatchObject({ code: "config" });
});

test("what two listings say counts", async () => {
  const made = lying("data", (page) => without(page, 1));
  expect((await made.take()).counts).toMatchObject({ missingPacks: 1, damagedPacks: 0 });
});

test.for([0, 1])(
  "maxIndexBytes holds although each index file is listed with %i bytes",
  async (size) => {
    const made = new InventoryScene();
    for (let count = 0; count < 20; count++) made.backup();
    lying("index", ({ sizes = [], ...page }) => ({ ...page, sizes: sizes.map(() => size) }), made);
    const { counts } = await made.take({ maxIndexBytes: 1000 });
    const gets = made.calls.filter((call) => call === "GET index").length;
    // Two of some 500 bytes, and those that were asked for at the same time.
    expect(gets).toBeLessThan(7);
    expect(counts.unreadIndexFiles).toBeGreaterThan(0);
  },
);
