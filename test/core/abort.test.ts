import { getEventListeners } from "node:events";

import { describe, expect, test, vi } from "vitest";

import { unlessAborted, waitFor, whenAborted } from "../../instrumentation/core/abort.ts";
import { withTimeLimit } from "../../instrumentation/core/time-limit.ts";
import { FakeClock } from "../support/core/clock.ts";

const never = new AbortController().signal;

describe("unlessAborted", () => {
  const clock = new FakeClock();

  test("returns the result of the work", async () => {
    expect(await unlessAborted(Promise.resolve("done"), never)).toBe("done");
  });

  test("is undefined for work that its signal ended", async () => {
    const controller = new AbortController();
    const result = unlessAborted(clock.sleep(1000, controller.signal), controller.signal);
    controller.abort(new Error("stopped"));
    expect(await result).toBeUndefined();
  });

  test("rejects with any other failure", async () => {
    await expect(unlessAborted(Promise.reject(new Error("broken")), never)).rejects.toThrow(
      "broken",
    );
  });
});

describe("waitFor", () => {
  test.for([0, 1])(
    "rejects with the reason of signal %d, and the work continues",
    async (index) => {
      const controllers = [new AbortController(), new AbortController()];
      const { promise, resolve } = Promise.withResolvers<string>();
      const waiting = waitFor(promise, ...controllers.map(({ signal }) => signal));
      controllers[index]?.abort(new Error(`stopped ${index}`));
      await expect(waiting).rejects.toThrow(`stopped ${index}`);
      resolve("done");
      expect(await waitFor(promise, never)).toBe("done");
    },
  );

  test("rejects at once with a signal that is already aborted", async () => {
    const { promise } = Promise.withResolvers<string>();
    const aborted = AbortSignal.abort(new Error("stopped"));
    await expect(waitFor(promise, never, aborted)).rejects.toThrow("stopped");
  });
});

describe("withTimeLimit", () => {
  const late = new Error("late");

  test("aborts the work with the given error when the time is over", async () => {
    const clock = new FakeClock();
    const limited = withTimeLimit(1000, late, clock, (signal) => clock.sleep(5000, signal));
    const failure = limited.catch((error: unknown) => error);
    await clock.advance(1000);
    expect(await failure).toBe(late);
  });

  test("leaves no timer behind", async () => {
    const clock = new FakeClock();
    expect(await withTimeLimit(1000, late, clock, async () => "done")).toBe("done");
    expect(clock.sleeping).toBe(0);
  });
});

describe("whenAborted", () => {
  test("calls all that wait, and none that was taken back, in one listener", () => {
    const controller = new AbortController();
    const added = vi.spyOn(controller.signal, "addEventListener");
    const called: string[] = [];
    const [first, , third] = ["first", "second", "third", "fourth"].map((name) =>
      whenAborted(controller.signal, () => called.push(name)),
    );
    first?.();
    third?.();
    controller.abort();
    expect(called).toEqual(["second", "fourth"]);
    expect(added).toHaveBeenCalledOnce();
  });

  test("calls also those that come after one that another call takes back", () => {
    const controller = new AbortController();
    const called: string[] = [];
    const first = whenAborted(controller.signal, () => {
      called.push("first");
      first();
    });
    whenAborted(controller.signal, () => called.push("second"));
    controller.abort();
    expect(called).toEqual(["first", "second"]);
  });

  test("a call is taken back once", () => {
    const controller = new AbortController();
    const called: string[] = [];
    const first = whenAborted(controller.signal, () => called.push("first"));
    whenAborted(controller.signal, () => called.push("second"));
    first();
    first();
    controller.abort();
    expect(called).toEqual(["second"]);
  });

  test("a signal for which nothing waits has no listener, and gets one again", () => {
    const controller = new AbortController();
    const called: string[] = [];
    whenAborted(controller.signal, () => called.push("first"))();
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    whenAborted(controller.signal, () => called.push("second"));
    controller.abort();
    expect(called).toEqual(["second"]);
  });
});
