import type { Clock } from "../../core/clock.ts";
import type { Debug } from "../../core/log.ts";
import { retry } from "../../http/retry.ts";
import type { Backend, FileType } from "../backend.ts";

/** Retries each call that fails temporarily: a listing continues at its page. */
export function retrying(backend: Backend, clock: Clock, debug: Debug = () => {}): Backend {
  function retried<T>(type: FileType, call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return retry(call, clock, signal, undefined, ({ code, message }, waitMs) =>
      debug("retrying", {
        type,
        seconds: Math.round(waitMs) / 1000,
        error_type: code,
        error: message,
      }),
    );
  }
  return {
    location: backend.location,
    connections: backend.connections,
    slices: backend.slices,
    list: (type, from, signal, options) =>
      retried(type, () => backend.list(type, from, signal, options), signal),
    load: (type, name, signal) => retried(type, () => backend.load(type, name, signal), signal),
    ...(backend.close && { close: backend.close.bind(backend) }),
  };
}
