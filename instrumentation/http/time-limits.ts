import { codeOf } from "./errors.ts";
import type { HttpOptions } from "./options.ts";

/** How long the phases of a request may take, milliseconds. */
export interface TimeLimits {
  /** Connecting, with the TLS handshake. */
  readonly connectMs: number;
  /** From the request to the first byte of the response. */
  readonly firstByteMs: number;
  /** Silence within a body. */
  readonly idleMs: number;
}

const FIRST_BYTE_MS = 60_000;
const CONNECT_MS = 20_000;
const IDLE_MS = 20_000;

/** A server that is slow to answer is not slow to connect. */
export function timeLimits({
  requestTimeoutMs: firstByteMs = FIRST_BYTE_MS,
  idleMs = IDLE_MS,
}: HttpOptions): TimeLimits {
  return { connectMs: Math.min(firstByteMs, CONNECT_MS), firstByteMs, idleMs };
}

/** The limit that a time-out of undici exceeded. */
export function exceededLimit(timeout: unknown, limits: TimeLimits): number {
  switch (codeOf(timeout)) {
    case "UND_ERR_HEADERS_TIMEOUT":
      return limits.firstByteMs;
    case "UND_ERR_BODY_TIMEOUT":
      return limits.idleMs;
    default:
      return limits.connectMs;
  }
}
