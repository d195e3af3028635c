// Loading all of undici takes 50 ms and 14 MB more than these modules, and its Socks5ProxyAgent prints a warning and has no limits.

declare module "undici/lib/core/connect.js" {
  import { buildConnector } from "undici";
  export default buildConnector;
}

declare module "undici/lib/dispatcher/pool.js" {
  import { Pool } from "undici";
  export default Pool;
}

declare module "undici/lib/core/socks5-client.js" {
  import type { EventEmitter } from "node:events";
  import type { Socket } from "node:net";
  export class Socks5Client extends EventEmitter {
    constructor(socket: Socket, login: { readonly username: string; readonly password: string });
    handshake(): void;
    connect(host: string, port: number): void;
  }
}
