import type { Backend } from "../backend.ts";
import type { BackendCost } from "../context.ts";

/** Counts calls and received bytes in `cost`. */
export function counted(backend: Backend, cost: BackendCost): Backend {
  return {
    location: backend.location,
    connections: backend.connections,
    slices: backend.slices,
    async list(type, from, signal, options) {
      cost.list.requests += 1;
      const page = await backend.list(type, from, signal, options);
      cost.list.receivedBytes += page.receivedBytes;
      return page;
    },
    async load(type, name, signal) {
      cost.load.requests += 1;
      const stored = await backend.load(type, name, signal);
      cost.load.receivedBytes += stored.length;
      return stored;
    },
    ...(backend.close && { close: backend.close.bind(backend) }),
  };
}
