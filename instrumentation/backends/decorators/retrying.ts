import type { Clock } from "../../core/clock.ts";
import { retry } from "../../http/retry.ts";
import type { Backend } from "../backend.ts";

/** Retries each call that fails temporarily: a listing continues at its page. */
export function retrying(backend: Backend, clock: Clock): Backend {
  return {
    location: backend.location,
    connections: backend.connections,
    list: (type, from, signal) => retry(() => backend.list(type, from, signal), clock, signal),
    load: (type, name, signal) => retry(() => backend.load(type, name, signal), clock, signal),
    ...(backend.close && { close: backend.close.bind(backend) }),
  };
}
