import { AgentError } from "../../../instrumentation/core/error.ts";
import type { ErrorCode } from "../../../instrumentation/core/error.ts";
import type { Labels, Reading, Source } from "../../../instrumentation/core/source.ts";

/** A source whose calls end when the test ends them, or when they are aborted. */
export class ManualSource implements Source<string> {
  readonly subject: Labels;
  /** The previous state that each call received. */
  readonly previous: (string | undefined)[] = [];
  /** Number of abort events, including those after the end of a call. */
  aborted = 0;
  /** Ignores aborts. */
  deaf = false;
  /** The immediate result of the next calls; undefined: they wait for the test. */
  script: "ok" | ErrorCode | undefined;
  #pending: ((reading: Reading<string>) => void)[] = [];
  #rejects: ((error: unknown) => void)[] = [];

  constructor(name: string, script?: "ok" | ErrorCode) {
    this.subject = { name };
    this.script = script;
  }

  get calls(): number {
    return this.previous.length;
  }

  collect(previous: string | undefined, signal: AbortSignal): Promise<Reading<string>> {
    this.previous.push(previous);
    const state = `state ${this.calls}`;
    if (this.script === "ok") return Promise.resolve({ state, complete: true });
    if (this.script) return Promise.reject(new AgentError(this.script, `scripted ${this.script}`));
    return new Promise((resolve, reject) => {
      this.#pending.push(resolve);
      this.#rejects.push(reject);
      signal.addEventListener("abort", () => {
        this.aborted += 1;
        if (this.deaf) return;
        const error = signal.reason instanceof AgentError ? signal.reason : undefined;
        resolve({ state: previous ?? "nothing", complete: false, error });
      });
    });
  }

  /** Resolves all pending calls. */
  answer(reading: Reading<string>): void {
    for (const resolve of this.#pending.splice(0)) resolve(reading);
  }

  /** Rejects all pending calls. */
  throw(error: unknown): void {
    for (const reject of this.#rejects.splice(0)) reject(error);
  }
}
