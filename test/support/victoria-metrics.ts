import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { peerPath } from "./peers.ts";
import { startServer, type Server } from "./server.ts";

/** Starts VictoriaMetrics' single binary with an empty database that goes when it is stopped. It answers Prometheus's queries. */
export async function startVictoriaMetrics(args: readonly string[]): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "victoria-metrics-"));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const server = await startServer({
      command: peerPath("victoria-metrics"),
      args: [
        `-storageDataPath=${folder}`,
        "-httpListenAddr=127.0.0.1:0",
        "-memory.allowedBytes=200MB",
        "-retentionPeriod=1d",
        // What has just been written can be asked for.
        "-search.latencyOffset=0s",
        ...args,
      ],
      announces: /started server at http:\/\/(127\.0\.0\.1:\d+)/,
      url: (address) => `http://${address}`,
      ready: async (url) => (await fetch(`${url}/health`)).ok,
    });
    return {
      ...server,
      async stop() {
        await server.stop();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
