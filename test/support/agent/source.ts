import { AgentError } from "../../../instrumentation/core/error.ts";
import type { ErrorCode } from "../../../instrumentation/core/error.ts";
import type { Labels, Reading, Source } from "../../../instrumentation/core/source.ts";

/** A source whose calls end when the test says so, or with their abort. */
export class ManualSource implements Source<string> {
  readonly subject: Labels;
  /** The states that the calls were given, one for each call. */
  readonly previous: (string | undefined)[] = [];
  /** How many calls were told to stop, also after their end. */
  aborted = 0;
  /** Does not heed an abort. */
  deaf = false;
  /** What the next calls do at once; without it they wait. */
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

  /** Ends all calls under way. */
  answer(reading: Reading<string>): void {
    for (const resolve of this.#pending.splice(0)) resolve(reading);
  }

  /** Makes all calls under way throw. */
  throw(error: unknown): void {
    for (const reject of this.#rejects.splice(0)) reject(error);
  }
}
