import { once } from "node:events";
import { createServer } from "node:net";

import { listeningPort } from "./listening-port.ts";

/** A free port of loopback, for a program that does not support port 0. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = listeningPort(server);
  server.close();
  await once(server, "close");
  return port;
}

/** Host and port. */
export async function freeAddress(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}
