import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { peerPath } from "../agent/peers.ts";
import { startServerWithFolder, type Server } from "../http/server.ts";

interface PrometheusOptions {
  /** The text of prometheus.yml. Paths in it must be absolute. */
  readonly config: string;
  /** Additional arguments. */
  readonly args?: readonly string[];
}

/** A series in the result of a query: its labels, and its value as Prometheus writes it. */
export interface QueriedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Runs an instant query. */
export async function query(url: string, expression: string): Promise<readonly QueriedSeries[]> {
  const address = `${url}/api/v1/query`;
  const body = new URLSearchParams({ query: expression });
  const answer = await (await fetch(address, { method: "POST", body })).text();
  const { data }: { readonly data: { readonly result: readonly QueriedSeries[] } } =
    JSON.parse(answer);
  return data.result;
}

/** Starts Prometheus with an empty database, which stop() removes. It accepts OTLP and remote write too. */
export function startPrometheus({ config, args = [] }: PrometheusOptions): Promise<Server> {
  return startServerWithFolder("prometheus", async (folder) => {
    const configFile = join(folder, "prometheus.yml");
    await writeFile(configFile, config);
    return {
      command: peerPath("prometheus"),
      args: [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        "--web.listen-address=127.0.0.1:0",
        "--web.enable-otlp-receiver",
        "--web.enable-remote-write-receiver",
        "--web.enable-lifecycle",
        "--web.enable-admin-api",
        ...args,
      ],
      announces: /msg="Listening on" component=web address=(\S+)/,
      url: (address) => `http://${address}`,
      ready: async (url) => (await fetch(`${url}/-/ready`)).ok,
    };
  });
}
