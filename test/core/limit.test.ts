import { expect, test } from "vitest";
import { limit } from "../../instrumentation/core/limit.ts";

const never = new AbortController().signal;

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("runs start as places become free, first come, first served", async () => {
  const slot = limit(2);
  const started: number[] = [];
  const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<number>());
  const runs = gates.map((gate, index) =>
    slot(async () => {
      started.push(index);
      return gate.promise;
    }, never),
  );
  await turn();
  expect(started).toEqual([0, 1]);
  gates[1]?.resolve(11);
  await turn();
  expect(started).toEqual([0, 1, 2]);
  for (const gate of gates) gate.resolve(10);
  expect(await Promise.all(runs)).toEqual([10, 11, 10, 10]);
});

test("a run that throws frees its place", async () => {
  const slot = limit(1);
  await expect(
    slot(async () => {
      throw new Error("broken");
    }, never),
  ).rejects.toThrow("broken");
  expect(await slot(async () => "next", never)).toBe("next");
});

test("a waiting run that is aborted rejects with the reason, and the next run gets the place", async () => {
  const slot = limit(1);
  const gate = Promise.withResolvers<string>();
  const first = slot(async () => gate.promise, never);
  const controller = new AbortController();
  const second = slot(async () => "second", controller.signal);
  const third = slot(async () => "third", never);
  controller.abort(new Error("stopped"));
  await expect(second).rejects.toThrow("stopped");
  gate.resolve("first");
  expect(await Promise.all([first, third])).toEqual(["first", "third"]);
});

test("a run with an aborted signal does not start", async () => {
  await expect(limit(1)(async () => "in", AbortSignal.abort(new Error("stopped")))).rejects.toThrow(
    "stopped",
  );
});

test("an abort after the start does not stop the run", async () => {
  const slot = limit(1);
  const gate = Promise.withResolvers<string>();
  const controller = new AbortController();
  const blocker = slot(async () => gate.promise, never);
  const run = slot(async () => "done", controller.signal);
  gate.resolve("free");
  await blocker;
  controller.abort(new Error("late"));
  expect(await run).toBe("done");
});
