import { AgentError } from "../../../instrumentation/core/error.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";

/** A temporary failure. */
export const DOWN = new AgentError("unreachable", "the connection is down", { transient: true });

/** A backend that fails the given number of times for each page and each file before it answers. */
export function faultyBackend(backend: Backend, failures: number): Backend {
  const failed = new Map<string, number>();
  const fail = (what: string, signal: AbortSignal): void => {
    signal.throwIfAborted();
    const count = failed.get(what) ?? 0;
    failed.set(what, count === failures ? 0 : count + 1);
    if (count < failures) throw DOWN;
  };
  return {
    ...backend,
    list: async (type, from, signal, options) => {
      fail(`${type}/?${from}`, signal);
      return backend.list(type, from, signal, options);
    },
    load: async (type, name, signal) => {
      fail(`${type}/${name}`, signal);
      return backend.load(type, name, signal);
    },
  };
}
