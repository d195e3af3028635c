import type { Dispatcher } from "undici";

import { whenAborted } from "../core/abort.ts";
import { ByteCollector } from "../core/byte-collector.ts";
import type { Connections } from "./connections.ts";
import { isReset, LostRequest, ProtocolError, TooLongError } from "./errors.ts";

/**
 * Bytes for a receiver in one turn of the event loop: Node.js reads up to 2 MiB from a socket, for which a receiver may need 100 ms. A pause
 * after each chunk of a byte would take minutes for 1 MiB, since undici copies the rest of what it has read for each.
 */
const TURN_BYTES = 16 * 1024;

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; several values of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Bounds what it receives: an AgentError that it throws ends the request. */
export type BodyReceiver = (piece: Buffer) => void;

interface Reception {
  /** Bound of `body`. */
  readonly maxBytes: number;
  /** Receives the body of a response with status 200 instead of `body`. */
  readonly onBody?: BodyReceiver | undefined;
}

/**
 * Sends a request. A GET is repeated once if the server closed a kept connection instead of answering: servers close idle
 * connections, and the request may have crossed with the close. RFC 9112, section 9.3.1.
 * @throws an error of undici or of the socket, ProtocolError, TooLongError, or the reason of the signal
 */
export async function exchange(
  connections: Connections,
  message: Dispatcher.DispatchOptions,
  reception: Reception,
  signal: AbortSignal,
): Promise<HttpResponse> {
  try {
    return await attempt(connections, message, reception, signal);
  } catch (error) {
    if (message.method !== "GET" || !(error instanceof LostRequest)) throw error;
    return attempt(connections, message, reception, signal);
  }
}

async function attempt(
  { dispatcher, takeIsFirst }: Connections,
  message: Dispatcher.DispatchOptions,
  { maxBytes, onBody }: Reception,
  signal: AbortSignal,
): Promise<HttpResponse> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  let controller: Dispatcher.DispatchController | undefined;
  /** On a connection that served another request before, and without a byte of the response. */
  let isLost = false;
  let status = 0;
  let headers: HttpResponse["headers"] = {};
  const collected = new ByteCollector();
  /** Bytes that the receiver got in this turn of the event loop. */
  let inTurn = 0;
  const isReceived = (): boolean => onBody !== undefined && status === 200;
  const expect = (bytes: number): void => {
    if (collected.length + bytes > maxBytes) throw new TooLongError("more than was asked for");
  };
  // A request that waits for a connection cannot be taken back: it is aborted when it starts.
  const settled = whenAborted(signal, () => {
    reject(signal.reason);
    controller?.abort(signal.reason);
  });
  dispatcher.dispatch(message, {
    onRequestStart(started) {
      isLost = !takeIsFirst();
      controller = started;
      if (signal.aborted) started.abort(signal.reason);
    },
    onResponseStarted() {
      isLost = false;
    },
    onResponseStart(_controller, received, raw) {
      // 102 and 103 precede the response; no request asks for 100 or 101.
      if (received < 102) throw new ProtocolError(`unexpected status ${received}`);
      if (received < 200) return;
      status = received;
      headers = joined(raw);
      const encoding = headers["transfer-encoding"] ?? "chunked";
      if (encoding.toLowerCase() !== "chunked")
        throw new ProtocolError(`unknown Transfer-Encoding ${JSON.stringify(encoding)}`);
      if (isReceived()) return;
      const announced = Number(headers["content-length"] ?? 0);
      expect(announced);
      collected.expected = announced;
    },
    onResponseData(receiving, chunk) {
      if (onBody && isReceived()) {
        // undici passes nothing when it resumes.
        if (chunk.length === 0) return;
        onBody(chunk);
        inTurn += chunk.length;
        if (inTurn < TURN_BYTES) return;
        inTurn = 0;
        receiving.pause();
        return void setImmediate(() => receiving.resume());
      }
      expect(chunk.length);
      collected.add(chunk);
    },
    onResponseEnd() {
      resolve({ status, headers, body: collected.bytes() });
    },
    onResponseError(_controller, cause) {
      reject(isLost && isReset(cause) ? new LostRequest("no response", { cause }) : cause);
    },
  });
  try {
    return await promise;
  } finally {
    settled();
  }
}

function joined(raw: Readonly<Record<string, string | string[] | undefined>>) {
  const headers: Record<string, string> = {};
  for (const name in raw) {
    const value = raw[name] ?? "";
    // undici keeps blanks after a value.
    headers[name] =
      typeof value === "string" ? value.trimEnd() : value.map((one) => one.trimEnd()).join(", ");
  }
  return headers;
}
