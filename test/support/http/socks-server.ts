import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";

import { listeningPort } from "../core/listening-port.ts";

/** The methods of RFC 1928. */
const NO_LOGIN = 0;
const USERNAME_PASSWORD = 2;
const NONE = 0xff;

/** A SOCKS5 proxy on loopback that resolves every host name to a loopback server. */
export class SocksServer {
  /** The requested places in order: `repo.example:443`. */
  readonly asked: string[] = [];
  /** The logins in order: `user:password`. */
  readonly logins: string[] = [];
  /** The reply to a request other than 0; -1: none; undefined: it connects. */
  refusal: number | undefined;
  /** The only accepted login; undefined: any client is accepted. */
  login: string | undefined;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  readonly #target: () => number;

  private constructor(target: () => number) {
    this.#target = target;
    this.#server = createServer((socket) => {
      this.#keep(socket);
      void this.#serve(socket).catch(() => socket.destroy());
    });
  }

  /** @param target the port of the server for all host names */
  static async start(target: () => number): Promise<SocksServer> {
    const proxy = new SocksServer(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** Host and port. */
  get where(): string {
    return `127.0.0.1:${listeningPort(this.#server)}`;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await once(this.#server, "close");
  }

  async #serve(socket: Socket): Promise<void> {
    const read = reader(socket);
    const [, count = 0] = await read(2);
    const methods = await read(count);
    const method = this.login === undefined ? NO_LOGIN : USERNAME_PASSWORD;
    if (!methods.includes(method)) return void socket.end(Buffer.of(5, NONE));
    socket.write(Buffer.of(5, method));
    if (method === USERNAME_PASSWORD) {
      await read(1);
      const user = (await read((await read(1))[0] ?? 0)).toString();
      const password = (await read((await read(1))[0] ?? 0)).toString();
      this.logins.push(`${user}:${password}`);
      if (this.logins.at(-1) !== this.login) return void socket.end(Buffer.of(1, 1));
      socket.write(Buffer.of(1, 0));
    }
    const [, , , type] = await read(4);
    if (type !== 3) throw new Error("not a host name");
    const host = (await read((await read(1))[0] ?? 0)).toString();
    this.asked.push(`${host}:${(await read(2)).readUInt16BE()}`);
    if (this.refusal === -1) return;
    const reply = Buffer.of(5, this.refusal ?? 0, 0, 1, 0, 0, 0, 0, 0, 0);
    if (this.refusal !== undefined) return void socket.end(reply);
    const onward = connect(this.#target(), "127.0.0.1", () => {
      socket.write(reply);
      socket.pipe(onward).pipe(socket);
    });
    this.#keep(onward);
    onward.on("close", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#open.delete(socket));
  }
}

/** Reads exactly this many bytes. */
function reader(socket: Socket): (count: number) => Promise<Buffer> {
  return async (count) => {
    for (;;) {
      const bytes: unknown = count === 0 ? Buffer.alloc(0) : socket.read(count);
      if (Buffer.isBuffer(bytes)) return bytes;
      await once(socket, "readable");
    }
  };
}
