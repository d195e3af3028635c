import { peerPath } from "../agent/peers.ts";
import { startServerWithFolder, type Server } from "../http/server.ts";

/** Starts the single binary of VictoriaMetrics with an empty database, which stop() removes. It answers Prometheus queries. */
export function startVictoriaMetrics(args: readonly string[]): Promise<Server> {
  return startServerWithFolder("victoria-metrics", (folder) => ({
    command: peerPath("victoria-metrics"),
    args: [
      `-storageDataPath=${folder}`,
      "-httpListenAddr=127.0.0.1:0",
      "-memory.allowedBytes=200MB",
      "-retentionPeriod=1d",
      // New samples are visible to queries at once.
      "-search.latencyOffset=0s",
      ...args,
    ],
    announces: /started server at http:\/\/(127\.0\.0\.1:\d+)/,
    url: (address) => `http://${address}`,
    ready: async (url) => (await fetch(`${url}/health`)).ok,
  }));
}
