import type { Socket } from "node:net";

/** What is known of a connection besides its socket: TLS wraps it in another object. */
interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/**
 * Keeps connections at a bounded number. Beyond it, the one that has been silent for longest is closed for the new one, and not
 * the new one refused: those who hold connections open and say nothing lock nobody out.
 */
export class Connections {
  readonly #max: number;
  /** The longest silent first. */
  readonly #open = new Map<unknown, Socket>();
  /** How many requests are being answered on a connection; none: not in here. */
  readonly #busy = new Map<unknown, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** @param socket as it was accepted */
  add(socket: Socket): void {
    const key = keyOf(socket);
    this.#open.set(key, socket);
    socket.once("close", () => {
      if (this.#open.get(key) === socket) this.#open.delete(key);
    });
    if (this.#open.size > this.#max) this.#makeRoom();
  }

  /** A request has come. @returns what is to be called when it has been answered */
  begin(peer: Peer): () => void {
    const key = keyOf(peer);
    this.#busy.set(key, (this.#busy.get(key) ?? 0) + 1);
    return () => {
      const left = (this.#busy.get(key) ?? 1) - 1;
      if (left > 0) this.#busy.set(key, left);
      else this.#busy.delete(key);
      this.#spoke(key);
    };
  }

  /** Closes those on which nothing is being answered. */
  closeSilent(): void {
    for (const [key, socket] of this.#open) if (!this.#busy.has(key)) socket.destroy();
  }

  closeAll(): void {
    for (const socket of this.#open.values()) socket.destroy();
  }

  #spoke(key: unknown): void {
    const socket = this.#open.get(key);
    if (!socket) return;
    this.#open.delete(key);
    this.#open.set(key, socket);
  }

  #makeRoom(): void {
    for (const [key, socket] of this.#open) {
      if (this.#busy.has(key)) continue;
      this.#open.delete(key);
      return void socket.destroy();
    }
  }
}

/** A socket in the file system has no address of its peer. */
function keyOf(peer: Peer): unknown {
  const { remoteAddress, remotePort } = peer;
  return remotePort === undefined ? peer : `${remoteAddress ?? ""} ${remotePort}`;
}
