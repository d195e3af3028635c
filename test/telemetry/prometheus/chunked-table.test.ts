import { expect, test } from "vitest";

import { boundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { BoundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { MetricSpec } from "../../../instrumentation/metrics/spec.ts";
import { PrometheusEndpoint } from "../../../src/telemetry/prometheus/endpoint.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { Dice } from "../../support/core/dice.ts";
import { StoreScene } from "../../support/agent/store-scene.ts";
import { PRODUCER, tableText } from "../../support/agent/table-text.ts";

const NOW = 1_717_200_000_000;
const DAY_MS = 86_400_000;

test.for([1, 2, 3, 4])(
  "whatever changes, the text is that of an endpoint that has not rendered before: %i",
  async (seed) => {
    const dice = new Dice(seed);
    const scene = new StoreScene(seed, seed % 2 === 0);
    const urls = Array.from({ length: 30 }, (_, index) => `repository-${index}`);
    const changes: readonly ((url: string) => void)[] = [
      (url) => scene.add(url, dice.low(500), 300),
      (url) => scene.add(url, 1, 30),
      (url) => scene.add(url, dice.roll(40), 30),
      (url) => scene.forget(url),
      (url) => scene.collect(url),
      (url) => scene.fail(url),
      (url) => scene.remove(url),
      () => scene.clock.step(dice.low(40 * DAY_MS)),
      () => scene.clock.step(-dice.low(3 * DAY_MS)),
    ];
    for (let step = 0; step < 40; step++) {
      for (let count = dice.low(4); count >= 0; count--) dice.pick(changes)(dice.pick(urls));
      expect(await scene.text()).toBe(await scene.fresh());
    }
  },
);

test("a collection that found nothing new renders no backup set", async () => {
  const scene = new StoreScene(5);
  scene.add("large", 3000, 1000);
  const first = await scene.text();
  expect(scene.rendered).toBeGreaterThan(500);
  scene.clock.step(1000);
  scene.collect("large");
  const second = await scene.text();
  // The repository itself.
  expect(scene.rendered).toBe(1);
  expect(second).not.toBe(first);
  expect(second).toBe(await scene.fresh());
  await scene.text();
  expect(scene.rendered).toBe(0);
});

test("a change of one repository of many renders its neighbours, not all", async () => {
  const scene = new StoreScene(6);
  for (let index = 0; index < 300; index++) scene.add(`repository-${index}`, 20, 20);
  await scene.text();
  const all = scene.rendered;
  scene.add("repository-200", 1, 20);
  const text = await scene.text();
  expect(scene.rendered).toBeLessThan(all / 10);
  expect(text).toBe(await scene.fresh());
});

test("new backup sets in front of all others render a few chunks, not all", async () => {
  const scene = new StoreScene(8);
  for (let index = 0; index < 100; index++) scene.add(`b-${index}`, 20, 20);
  await scene.text();
  for (let index = 0; index < 150; index++) {
    scene.add("a", 1, 1000);
    await scene.text();
    expect(scene.rendered).toBeLessThan(5 * 128);
  }
  expect(await scene.text()).toBe(await scene.fresh());
});

test("two days later, and when the clock is set back by two days, the ages are those of that time", async () => {
  const scene = new StoreScene(7, true);
  scene.add("large", 1000, 500);
  const first = await scene.text();
  scene.clock.step(2 * DAY_MS);
  const later = await scene.text();
  expect(later).not.toBe(first);
  expect(later).toBe(await scene.fresh());
  scene.clock.step(-2 * DAY_MS);
  expect(await scene.text()).toBe(first);
});

function endpointOf(tables: readonly BoundTable[], clock: FakeClock): PrometheusEndpoint {
  return new PrometheusEndpoint({ tables, producer: PRODUCER, targetInfo: false, clock });
}

async function textOf(endpoint: PrometheusEndpoint): Promise<string> {
  return Buffer.concat((await endpoint.render()).plain).toString();
}

interface Entry {
  readonly index: number;
}

/** A table of one gauge for 300 entries. */
function entryTable(points: MetricSpec<Entry>["points"], until?: () => number): BoundTable {
  const entries = Array.from({ length: 300 }, (_, index) => ({ index }));
  const metric: MetricSpec<Entry> = {
    name: "some",
    kind: "gauge",
    description: "Some.",
    labels: ["index"],
    points,
  };
  return boundTable([metric], () => entries, until);
}

test("a chunk in which a metric threw is rendered again at the next scrape", async () => {
  let failing: number | undefined = 200;
  const points = ({ index }: Entry) => {
    if (index === failing) throw new Error("for once");
    return [[1, { index: String(index) }]] as const;
  };
  const endpoint = endpointOf([entryTable(points, () => Infinity)], new FakeClock(NOW));
  const first = await textOf(endpoint);
  expect(first).not.toContain('{index="200"}');
  expect(first.match(/^some\{/gm)).toHaveLength(299);
  failing = undefined;
  expect((await textOf(endpoint)).match(/^some\{/gm)).toHaveLength(300);
});

test("an entry that throws after some points shows none of them", async () => {
  const table = entryTable(function* ({ index }) {
    yield [1, { index: String(index), point: "first" }];
    if (index === 200) throw new Error("bad");
    yield [1, { index: String(index), point: "second" }];
  });
  const text = await tableText([table], NOW);
  expect(text).not.toContain('{index="200"');
  expect(text.match(/^some\{/gm)).toHaveLength(598);
});

test("a table that is not chunkable shows a value that changed in the same object", async () => {
  const values = { index: 1 };
  const endpoint = endpointOf(
    [entryTable(({ index }) => [[values.index, { index: String(index) }]])],
    new FakeClock(NOW),
  );
  expect(await textOf(endpoint)).toContain('some{index="299"} 1\n');
  values.index = 2;
  expect(await textOf(endpoint)).toContain('some{index="299"} 2\n');
});

test("a table that is not chunkable may have two entries with equal labels, far apart: the last one counts", async () => {
  const table = entryTable(({ index }) => [[index, { index: String(index % 299) }]]);
  const text = await tableText([table], NOW);
  expect(text.match(/^some\{index="0"} .*$/gm)).toEqual(['some{index="0"} 299']);
  expect(text.match(/^some\{/gm)).toHaveLength(299);
});

test("other work runs between the chunks", async () => {
  const scene = new StoreScene(9);
  scene.add("large", 3000, 1500);
  let turns = 0;
  let isRendering = true;
  const count = (): void => {
    turns += 1;
    if (isRendering) setImmediate(count);
  };
  setImmediate(count);
  await scene.text();
  isRendering = false;
  expect(turns).toBeGreaterThan(6);
});
