import type { Server } from "node:http";
import type { Duplex } from "node:stream";

import { STATUS_CODES } from "./node-http.ts";

interface Fault extends Error {
  readonly code?: string;
  /** What was read last. */
  readonly rawPacket?: Buffer;
}

export const MAX_URL_LENGTH = 4096;

/** Answers what is no request of HTTP, too slow or too long, and closes its connection. */
export function rejectClientErrors(server: Server): void {
  server.on("clientError", (fault: Fault, socket: Duplex) => {
    if (fault.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const status = statusOf(fault);
    const text = `${STATUS_CODES[status] ?? ""}\n`;
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
        `X-Content-Type-Options: nosniff\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
    // A client that goes on sending, or does not close its side, is not waited for.
    setTimeout(() => socket.destroy(), 1000).unref();
  });
}

function statusOf({ code, rawPacket }: Fault): number {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  if (code !== "HPE_HEADER_OVERFLOW") return 400;
  // Method and target stand in the first line, if this is the beginning.
  const text = rawPacket?.toString("latin1") ?? "";
  return /^[A-Z]+ /.test(text) && text.split("\r\n", 1).join().length > MAX_URL_LENGTH ? 414 : 431;
}
