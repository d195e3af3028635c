import { mkdir } from "node:fs/promises";

import { freeAddress } from "../core/free-port.ts";
import { peerPath } from "../agent/peers.ts";
import { startServer, type Server } from "../http/server.ts";

/** Starts fake-gcs-server, an emulator of Google Cloud Storage. Existing folders are its buckets; it does not check tokens. */
export async function startFakeGcs(path: string): Promise<Server> {
  await mkdir(path, { recursive: true });
  const address = await freeAddress();
  const [host = "", port = ""] = address.split(":");
  return startServer({
    command: peerPath("fake-gcs-server"),
    args: [
      "-scheme",
      "http",
      "-host",
      host,
      "-port",
      port,
      "-public-host",
      address,
      "-external-url",
      `http://${address}`,
      "-backend",
      "filesystem",
      "-filesystem-root",
      path,
      "-log-level",
      "info",
    ],
    announces: /(server started)/,
    url: () => `http://${address}`,
    ready: async (url) => (await fetch(`${url}/_internal/healthcheck`)).ok,
  });
}
