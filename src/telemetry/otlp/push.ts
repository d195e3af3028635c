import { setImmediate as turn } from "node:timers/promises";

import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { AgentError, toAgentError, withTimeLimit } from "restic-otel-instrumentation/internal";
import type { Clock, Logger } from "restic-otel-instrumentation/internal";

import type { EndpointState } from "../own-metrics/otlp.ts";
import { notAccepted } from "./response.ts";

/** Points in one request: a few MiB with labels of a usual length. */
const POINTS = 5000;

/** A receiver of pushes. */
interface PushTarget {
  /** The label `endpoint`: the URL without credentials. */
  readonly name: string;
  /** Called for one batch after the other. @throws AgentError, or the reason of the signal */
  push(metrics: ResourceMetrics, signal: AbortSignal): Promise<void>;
}

export interface OtlpPushOptions {
  readonly targets: readonly PushTarget[];
  /** All metrics as they are now, in batches of at most `size` points. */
  readonly collect: (size: number) => AsyncIterable<ResourceMetrics>;
  readonly intervalMs: number;
  /** Time limit of a push with all its batches. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Pushes after each collection and at each interval. A failed push is not repeated: the next one has all current values. */
export class OtlpPush {
  readonly states: readonly EndpointState[];
  readonly #options: OtlpPushOptions;
  readonly #ended = new AbortController();
  readonly #queues: readonly EndpointQueue[];

  constructor(options: OtlpPushOptions) {
    this.#options = options;
    this.#queues = options.targets.map((target) => new EndpointQueue(target, options));
    this.states = this.#queues.map(({ state }) => state);
  }

  start(): void {
    void this.#pushAtIntervals();
  }

  /** Pushes now. An endpoint with a push in progress gets one more push after it. Never rejects. */
  async push(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.push()));
  }

  /** Pushes in the next turn of the event loop: the last turn of a large collection is long already. */
  async pushSoon(): Promise<void> {
    await turn();
    await this.push();
  }

  /** Stops the pushes at intervals, and pushes once more. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.push();
  }

  async #pushAtIntervals(): Promise<void> {
    const { clock, intervalMs } = this.#options;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        await clock.sleep(intervalMs, signal);
      } catch {
        return;
      }
      void this.push();
    }
  }
}

/** The pushes to one endpoint, one at a time. */
class EndpointQueue {
  readonly state: EndpointState;
  readonly #target: PushTarget;
  readonly #options: OtlpPushOptions;
  #last: Promise<void> = Promise.resolve();
  /** Has not begun: it will have the values of all calls until then. */
  #next: Promise<void> | undefined;

  constructor(target: PushTarget, options: OtlpPushOptions) {
    this.#target = target;
    this.#options = options;
    this.state = {
      endpoint: target.name,
      up: undefined,
      lastSuccessAt: undefined,
      succeeded: 0,
      failed: 0,
    };
  }

  push(): Promise<void> {
    this.#next ??= this.#last.then(() => {
      this.#next = undefined;
      return this.#pushOnce();
    });
    this.#last = this.#next;
    return this.#next;
  }

  async #pushOnce(): Promise<void> {
    const { state } = this;
    const { endpoint } = state;
    const { clock, logger, timeoutMs, collect } = this.#options;
    try {
      await withTimeLimit(timeoutMs, notAccepted(endpoint, timeoutMs), clock, async (signal) => {
        for await (const batch of collect(POINTS)) await this.#target.push(batch, signal);
      });
      state.succeeded += 1;
      state.lastSuccessAt = clock.now();
      if (state.up === false) logger.info("push works again", { endpoint });
      state.up = true;
    } catch (error) {
      const { code, message } = error instanceof AgentError ? error : toAgentError(error);
      state.failed += 1;
      if (state.up !== false)
        logger.warn("push failed", { endpoint, error_type: code, error: message });
      state.up = false;
    }
  }
}
