import { setImmediate as turn } from "node:timers/promises";

import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { AgentError, toAgentError, withTimeLimit } from "restic-otel-instrumentation/internal";
import type { Clock, Logger } from "restic-otel-instrumentation/internal";

import type { EndpointState } from "../own-metrics/otlp.ts";
import { notAccepted } from "./response.ts";

/** Of label sets of a normal length a few MiB. */
const POINTS = 5000;

/** One place to push to. */
interface PushTarget {
  /** Without credentials: the label `endpoint`. */
  readonly name: string;
  /** Called for one part after the other. @throws AgentError, or the reason of the signal */
  push(metrics: ResourceMetrics, signal: AbortSignal): Promise<void>;
}

export interface OtlpPushOptions {
  readonly targets: readonly PushTarget[];
  /** All metrics as they are now, in batches of at most `size` points. */
  readonly collect: (size: number) => AsyncIterable<ResourceMetrics>;
  readonly intervalMs: number;
  /** Of a push with all its parts. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Pushes after each collection and at each interval; what fails is not kept, since the next push carries everything. */
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

  /** Pushes now; an endpoint that is still busy gets one more push when it is done. Never rejects. */
  async push(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.push()));
  }

  /** Pushes in the next turn of the event loop: the end of a collection of many backup sets takes a long one. */
  async pushSoon(): Promise<void> {
    await turn();
    await this.push();
  }

  /** Pushes once more, for as long as the caller cares to wait. */
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
  #running: Promise<void> | undefined;
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
    if (!this.#running) return this.#run();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#run();
    });
    return this.#next;
  }

  #run(): Promise<void> {
    this.#running = this.#pushOnce().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
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
