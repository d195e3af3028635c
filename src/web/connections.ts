import type { Socket } from "node:net";

/** Identifies a connection: its socket object changes when TLS wraps it. */
interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/**
 * Bounds the number of connections. If there are too many, the connection that has been idle longest is closed. A new connection is
 * never rejected, so that clients with idle connections cannot lock others out.
 */
export class Connections {
  readonly #max: number;
  /** Sorted by idle time, the longest first. */
  readonly #open = new Map<unknown, Socket>();
  /** The number of requests in progress; a connection without requests has no entry. */
  readonly #busy = new Map<unknown, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** @param socket the accepted socket, before TLS wraps it */
  add(socket: Socket): void {
    const key = keyOf(socket);
    this.#open.set(key, socket);
    socket.once("close", () => {
      if (this.#open.get(key) === socket) this.#open.delete(key);
    });
    if (this.#open.size > this.#max) this.#closeLongestIdle();
  }

  /** Registers a request. @returns a function to call after the response */
  begin(peer: Peer): () => void {
    const key = keyOf(peer);
    this.#busy.set(key, (this.#busy.get(key) ?? 0) + 1);
    return () => {
      const left = (this.#busy.get(key) ?? 1) - 1;
      if (left > 0) this.#busy.set(key, left);
      else this.#busy.delete(key);
      this.#markActive(key);
    };
  }

  /** Closes the connections without requests in progress. */
  closeIdle(): void {
    for (const [key, socket] of this.#open) if (!this.#busy.has(key)) socket.destroy();
  }

  closeAll(): void {
    for (const socket of this.#open.values()) socket.destroy();
  }

  #markActive(key: unknown): void {
    const socket = this.#open.get(key);
    if (!socket) return;
    this.#open.delete(key);
    this.#open.set(key, socket);
  }

  #closeLongestIdle(): void {
    for (const [key, socket] of this.#open) {
      if (this.#busy.has(key)) continue;
      this.#open.delete(key);
      return void socket.destroy();
    }
  }
}

/** A Unix socket has no remote address: the object is its key. */
function keyOf(peer: Peer): unknown {
  const { remoteAddress, remotePort } = peer;
  return remotePort === undefined ? peer : `${remoteAddress ?? ""} ${remotePort}`;
}
