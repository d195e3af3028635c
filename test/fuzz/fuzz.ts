import { AgentError } from "../../instrumentation/core/error.ts";
import { Dice } from "../support/core/dice.ts";
import { usedBytes } from "../support/core/used-bytes.ts";
import { mutated } from "./mutate.ts";
import type { Target } from "./target.ts";

/** A fault of a target, with its input. */
export interface Fault {
  readonly target: string;
  readonly kind: "error" | "slow" | "growth" | "secret" | "reference";
  readonly message: string;
  readonly input: Buffer;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Inputs that failed once, tried first and mutated as the seeds are. */
  readonly corpus: (target: Target) => readonly Buffer[];
  /** Called for each fault that is the first of its kind and message at its target. */
  readonly onFault: (fault: Fault) => void;
}

/** The secret in the inputs. */
const CANARY = "SECRETPW";
const MAX_MS = 200;
const MAX_GROWTH_BYTES = 32 * 2 ** 20;
const SLICE_MS = 250;

/** Calls each target in turn with mutated inputs until the time is over. @returns the number of calls */
export async function fuzz(targets: readonly Target[], options: FuzzOptions): Promise<number> {
  const { seed, seconds, corpus, onFault } = options;
  const runs = targets.map((target, index) => {
    const own = [...target.seeds.map((one) => Buffer.from(one)), ...corpus(target)];
    return { target, seeds: own, untried: own.values(), dice: new Dice(seed + index), grown: 0 };
  });
  const known = new Set<string>();
  const report = (fault: Fault): void => {
    const key = `${fault.target} ${fault.kind} ${(fault.message.split("\n")[0] ?? "").replaceAll(/\d+/g, "")}`;
    if (!known.has(key)) onFault(fault);
    known.add(key);
  };
  const end = performance.now() + seconds * 1000;
  let calls = 0;
  for (let round = 0; round === 0 || performance.now() < end; round++)
    for (const run of runs) {
      const { target, seeds, untried, dice } = run;
      const before = await usedBytes();
      let input: Buffer = Buffer.alloc(0);
      const sliceEnd = performance.now() + SLICE_MS;
      do {
        input = untried.next().value ?? mutated(seeds, dice);
        for (const fault of await faultsOf(target, input)) report(fault);
        calls += 1;
      } while (performance.now() < sliceEnd);
      // The first round loads and compiles.
      run.grown = round === 0 ? 0 : run.grown + (await usedBytes()) - before;
      if (run.grown > MAX_GROWTH_BYTES) {
        const message = `memory has grown by more than ${MAX_GROWTH_BYTES} bytes`;
        report({ target: target.name, kind: "growth", message, input });
      }
    }
  return calls;
}

interface Call {
  readonly result: unknown;
  readonly error: unknown;
  readonly cpuMs: number;
}

async function call({ take }: Target, input: Buffer): Promise<Call> {
  const begin = process.cpuUsage();
  const cpuMs = (): number => process.cpuUsage(begin).user / 1000;
  try {
    return { result: await take(input), error: undefined, cpuMs: cpuMs() };
  } catch (error) {
    return { result: undefined, error: error ?? "undefined", cpuMs: cpuMs() };
  }
}

/** The faults of one call. */
async function faultsOf(target: Target, input: Buffer): Promise<readonly Fault[]> {
  const faults: Fault[] = [];
  const fault = (kind: Fault["kind"], message: string): void =>
    void faults.push({ target: target.name, kind, message, input });
  const { result, error, cpuMs } = await call(target, input);
  if (error !== undefined && !isExpected(target, error)) fault("error", describe(error));
  const text = error instanceof Error ? error.message : "";
  for (const secret of target.canaries ?? [CANARY])
    if (text.includes(secret)) fault("secret", "a message repeats a secret");
  const { maxMs = MAX_MS } = target;
  if (cpuMs > maxMs) {
    // Garbage of earlier calls is collected at some time: all of three calls must be slow.
    const again = [await call(target, input), await call(target, input)];
    const fastest = Math.min(cpuMs, ...again.map((one) => one.cpuMs));
    if (fastest > maxMs) fault("slow", `${Math.round(fastest)} ms for ${input.length} bytes`);
  }
  if (target.reference && error === undefined && target.reference(input) !== result)
    fault("reference", "the result differs from that of the reference");
  return faults;
}

function isExpected({ mayThrow }: Target, error: unknown): boolean {
  return error instanceof AgentError || (error instanceof Error && mayThrow?.(error) === true);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
