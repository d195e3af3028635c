import { once } from "node:events";
import { createServer } from "node:net";

import { listeningPort } from "./listening-port.ts";

/** Host and port on loopback, free until a moment ago: for a program that does not say which port it got. */
export async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = listeningPort(server);
  server.close();
  await once(server, "close");
  return `127.0.0.1:${port}`;
}
