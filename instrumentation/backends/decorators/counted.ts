import type { Backend } from "../backend.ts";

/** Calls of one kind, since the start. A page of a listing is a call, a retry is one, a failed one too. */
interface OperationCost {
  requests: number;
  receivedBytes: number;
}

export interface BackendCost {
  readonly list: OperationCost;
  readonly load: OperationCost;
}

/** Adds up in `cost` what a backend is asked for. */
export function counted(backend: Backend, cost: BackendCost): Backend {
  return {
    location: backend.location,
    connections: backend.connections,
    async list(type, from, signal) {
      cost.list.requests += 1;
      const page = await backend.list(type, from, signal);
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
