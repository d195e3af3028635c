import type { Server } from "node:http";
import type { Duplex } from "node:stream";

import { STATUS_CODES } from "./node-http.ts";

interface ClientError extends Error {
  readonly code?: string;
  /** The bytes that were read last. */
  readonly rawPacket?: Buffer;
}

export const MAX_URL_LENGTH = 4096;

/** Answers requests that are malformed, too slow or too long, and closes their connections. */
export function rejectClientErrors(server: Server): void {
  server.on("clientError", (error: ClientError, socket: Duplex) => {
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const status = statusOf(error);
    const text = `${STATUS_CODES[status] ?? ""}\n`;
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
        `X-Content-Type-Options: nosniff\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
    // Do not wait for a client that keeps sending, or does not close its side.
    setTimeout(() => socket.destroy(), 1000).unref();
  });
}

function statusOf({ code, rawPacket }: ClientError): number {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  if (code !== "HPE_HEADER_OVERFLOW") return 400;
  // The first line has method and target, unless the packet continues a request.
  const text = rawPacket?.toString("latin1") ?? "";
  return /^[A-Z]+ /.test(text) && text.split("\r\n", 1).join().length > MAX_URL_LENGTH ? 414 : 431;
}
