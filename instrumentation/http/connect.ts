import { isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import type { ConnectionOptions, SecureContext } from "node:tls";

import { ProtocolError } from "./response-parser.ts";
import { NoAnswerError, ProxyRefusal } from "./errors.ts";
import type { HttpOptions } from "./client.ts";

/** How long something may be silent, and when nobody waits for it any more. */
export interface Patience {
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

export type Trust = Pick<HttpOptions, "ca" | "clientCertificate" | "serverName" | "skipVerify">;

const MAX_HEAD_BYTES = 64 * 1024;

/** A socket that is connected; its time limit is set. @throws the error of the socket, NoAnswerError */
export function connected(socket: Socket, patience: Patience): Promise<Socket> {
  return during(socket, patience, (resolve) => socket.once("connect", resolve));
}

/** Makes TLS connections to a host; a later one goes on with the session of an earlier one. */
export function securing(
  host: string,
  { ca, clientCertificate, serverName, skipVerify }: Trust,
): (where: ConnectionOptions, patience: Patience) => Promise<Socket> {
  const name = serverName ?? (isIP(host) === 0 ? host : undefined);
  let secureContext: SecureContext | undefined;
  let session: Buffer | undefined;
  return async (where, patience) => {
    secureContext ??= createSecureContext({ ca, cert: clientCertificate, key: clientCertificate });
    const socket = connectTls({
      host,
      ...where,
      secureContext,
      session,
      ALPNProtocols: ["http/1.1"],
      ...(name !== undefined && { servername: name }),
      ...(skipVerify === true && { rejectUnauthorized: false }),
    });
    await during(socket, patience, (resolve) => socket.once("secureConnect", resolve));
    // Only of a server that was found to be the right one: with a session its name is not looked at again.
    return socket.on("session", (ticket) => (session = ticket));
  };
}

/**
 * Asks a proxy to pass on whatever is sent to `target`, host:port. RFC 9110, section 9.3.6.
 * @throws ProxyRefusal
 */
export async function tunnel(
  socket: Socket,
  target: string,
  headers: string,
  patience: Patience,
): Promise<Socket> {
  let head = "";
  await during(socket, patience, (resolve, reject) => {
    socket.on("data", (bytes: Buffer) => {
      head += bytes.toString("latin1");
      if (head.includes("\r\n\r\n")) resolve();
      else if (head.length > MAX_HEAD_BYTES)
        reject(new ProtocolError("that of the proxy has no end"));
    });
    socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n${headers}\r\n`, "latin1");
  });
  // What goes wrong from now on is told by the connection that is made within it.
  socket
    .removeAllListeners("data")
    .on("error", () => {})
    .pause();
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  if (status?.startsWith("2") === true) return socket;
  socket.destroy();
  throw status === undefined
    ? new ProtocolError("that of the proxy does not begin with a status line")
    : new ProxyRefusal(Number(status));
}

/** Waits for something of a socket, which is at its end if that fails. */
async function during(
  socket: Socket,
  { idleMs, signal }: Patience,
  start: (resolve: () => void, reject: (error: unknown) => void) => void,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => reject(signal.reason);
  const late = (): void => reject(new NoAnswerError());
  const ended = (): void => reject(Object.assign(new Error("ended"), { code: "ECONNRESET" }));
  signal.addEventListener("abort", abort);
  socket.setTimeout(idleMs).on("timeout", late).on("error", reject).on("close", ended);
  try {
    signal.throwIfAborted();
    start(resolve, reject);
    await promise;
    return socket.off("error", reject);
  } catch (error) {
    socket.on("error", () => {}).destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    socket.off("timeout", late).off("close", ended);
  }
}
