import { beforeEach, describe, expect, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import type { AgentErrorOptions, ErrorCode } from "../../instrumentation/core/error.ts";
import { retry } from "../../instrumentation/http/retry.ts";
import { FakeClock, settle } from "../support/core/clock.ts";

const SECONDS = 1000;

/** Calls that fail with the given errors, one after the other, and then succeed. */
class Script {
  readonly clock = new FakeClock();
  readonly abort = new AbortController();
  /** When each call was made, milliseconds since the start. */
  readonly calls: number[] = [];
  readonly #errors: readonly Error[];

  constructor(errors: readonly Error[]) {
    this.#errors = errors;
  }

  /** The outcome once a quarter of an hour has passed: `ok`, or what was thrown. */
  async outcome(): Promise<unknown> {
    const result = this.start();
    await this.clock.advance(900 * SECONDS);
    return result;
  }

  start(): Promise<unknown> {
    const call = async (): Promise<string> => {
      const error = this.#errors[this.calls.length];
      this.calls.push(this.clock.monotonicMs());
      if (error !== undefined) throw error;
      return "ok";
    };
    return retry(call, this.clock, this.abort.signal).catch((error: unknown) => error);
  }

  get waits(): readonly number[] {
    return this.calls.slice(1).map((at, index) => at - (this.calls[index] ?? 0));
  }
}

function passing(code: ErrorCode = "unreachable", options: AgentErrorOptions = {}): AgentError {
  return new AgentError(code, "for now", { transient: true, ...options });
}

const busy = (seconds: number): AgentError =>
  passing("unreachable", { retryAfterMs: seconds * SECONDS });

test("what works is called once", async () => {
  const script = new Script([]);
  expect(await script.outcome()).toBe("ok");
  expect(script.calls).toEqual([0]);
});

describe("a passing failure", () => {
  test.for([1, 2, 3])("%i times is made good", async (times) => {
    const script = new Script(Array(times).fill(passing()));
    expect(await script.outcome()).toBe("ok");
    expect(script.calls).toHaveLength(times + 1);
  });

  test("is given up after three retries, with the last error", async () => {
    const errors = [passing(), passing(), passing(), passing()];
    const script = new Script(errors);
    expect(await script.outcome()).toBe(errors[3]);
    expect(script.calls).toHaveLength(4);
  });

  test("is waited out twice as long each time, with a jitter of up to half, and 15 s in all at the most", async () => {
    const runs = Array.from({ length: 50 }, () => new Script(Array(4).fill(passing())));
    await Promise.all(runs.map((script) => script.outcome()));
    for (const { waits } of runs) {
      const [first = 0, second = 0, third = 0] = waits;
      expect(waits).toHaveLength(3);
      expect(first).toSatisfy((ms: number) => ms >= 500 && ms <= 1000);
      expect(second).toSatisfy((ms: number) => ms >= 1000 && ms <= 2000);
      expect(third).toSatisfy((ms: number) => ms >= 2000 && ms <= 4000);
      expect(first + second + third).toBeLessThan(15 * SECONDS);
    }
    expect(new Set(runs.map(({ waits }) => waits[0])).size).toBeGreaterThan(25);
  });
});

describe("Retry-After", () => {
  test.for([10, 59, 60])("of %i s is kept to", async (seconds) => {
    const script = new Script(Array(3).fill(busy(seconds)));
    expect(await script.outcome()).toBe("ok");
    expect(script.waits).toEqual(Array(3).fill(seconds * SECONDS));
  });

  test("beyond a minute ends the call at once", async () => {
    const script = new Script([busy(61)]);
    expect(await script.outcome()).toMatchObject({ retryAfterMs: 61 * SECONDS });
    expect(script.calls).toEqual([0]);
  });

  test("of nothing does not hammer the server", async () => {
    const script = new Script([busy(0)]);
    expect(await script.outcome()).toBe("ok");
    expect(script.waits[0]).toBeGreaterThanOrEqual(500);
  });
});

describe("a server that is dead", () => {
  test("is given up after three time-outs: that is 30 s without a byte", async () => {
    const script = new Script(Array(4).fill(passing("timeout")));
    expect(await script.outcome()).toMatchObject({ code: "timeout" });
    expect(script.calls).toHaveLength(3);
  });

  test("other failures in between do not count", async () => {
    const script = new Script([passing("timeout"), passing(), passing("timeout")]);
    expect(await script.outcome()).toBe("ok");
  });
});

test.for([
  ["a lasting failure", new AgentError("denied", "403")],
  ["a failure of our own", new TypeError("undefined is not a function")],
] as const)("%s is not repeated", async ([, error]) => {
  const script = new Script([error]);
  expect(await script.outcome()).toBe(error);
  expect(script.calls).toHaveLength(1);
});

describe("when the time is over", () => {
  const over = new AgentError("timeout", "the time is over");
  const down = passing();
  let script: Script;

  beforeEach(() => {
    script = new Script([down]);
  });

  test("between two tries, the last real error is the result", async () => {
    const result = script.start();
    await settle();
    script.abort.abort(over);
    expect(await result).toBe(down);
    expect(script.clock.sleeping).toBe(0);
  });

  test("as a try fails, it is the last", async () => {
    const result = script.start();
    script.abort.abort(over);
    expect(await result).toBe(down);
    expect(script.calls).toHaveLength(1);
  });
});
