import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { peerPath } from "../agent/peers.ts";
import { startServerWithFolder } from "../http/server.ts";
import type { Server } from "../http/server.ts";

/** Starts Alertmanager without a cluster. @param configFile alertmanager.yml, of which a copy is used */
export function startAlertmanager(configFile: string): Promise<Server> {
  return startServerWithFolder("alertmanager", async (folder) => {
    const copy = join(folder, "alertmanager.yml");
    await writeFile(copy, await readFile(configFile, "utf8"));
    return {
      command: peerPath("alertmanager"),
      args: [
        `--config.file=${copy}`,
        `--storage.path=${join(folder, "data")}`,
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
      ],
      announces: /msg="Listening on" address=(\S+)/,
      url: (address) => `http://${address}`,
      ready: async (url) => (await fetch(`${url}/-/ready`)).ok,
    };
  });
}
