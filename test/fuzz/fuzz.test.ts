import { expect, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import { fuzz } from "./fuzz.ts";
import type { Fault } from "./fuzz.ts";
import type { Target } from "./target.ts";

async function faultsOf(target: Omit<Target, "name" | "seeds">): Promise<readonly Fault[]> {
  const faults: Fault[] = [];
  await fuzz([{ name: "planted", seeds: ["a seed"], ...target }], {
    seed: 1,
    seconds: 1,
    corpus: () => [],
    onFault: (fault) => void faults.push(fault),
  });
  return faults;
}

test("a parser that refuses inputs with an AgentError has no fault", async () => {
  const take = async (input: Buffer): Promise<void> => {
    throw new AgentError("corrupt", `${input.length} bytes`);
  };
  expect(await faultsOf({ take, reference: () => "not called" })).toEqual([]);
});

const kept: unknown[] = [];

test.for<readonly [string, Fault["kind"], Omit<Target, "name" | "seeds">]>([
  [
    "a crash",
    "error",
    {
      take() {
        throw new TypeError("undefined is not a function");
      },
    },
  ],
  ["a rejected promise", "error", { take: () => Promise.reject(new Error("not an AgentError")) }],
  [
    "a slow call",
    "slow",
    {
      take() {
        const begin = process.cpuUsage();
        while (process.cpuUsage(begin).user < 250_000);
      },
    },
  ],
  ["growth", "growth", { take: () => void kept.push(Buffer.alloc(2 ** 16, 1)) }],
  [
    "a secret in a message",
    "secret",
    {
      take() {
        throw new AgentError("config", "the password SECRETPW is wrong");
      },
    },
  ],
  ["another result", "reference", { take: String, reference: () => "another" }],
])("%s is reported once, with its input", async ([, kind, target]) => {
  const faults = await faultsOf(target);
  kept.length = 0;
  expect(faults.map((fault) => [fault.target, fault.kind])).toEqual([["planted", kind]]);
  expect(faults[0]?.input).toBeInstanceOf(Buffer);
});
