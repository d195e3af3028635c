import { writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Status } from "../../../src/web/status/status.ts";
import { installed, NODE } from "../agent/installed.ts";
import { startServer } from "../http/server.ts";
import type { Server } from "../http/server.ts";

const PROGRAM = `
import { readFileSync } from "node:fs";
import { systemClock } from "restic-otel-instrumentation/internal";
import { routes } from "../node_modules/restic-otel/dist/web/routes.js";
import { startServer } from "../node_modules/restic-otel/dist/web/server.js";

const logger = { debug() {}, info() {}, warn() {}, error: console.error };
const { address } = await startServer({
  bind: { host: "127.0.0.1", port: 0 },
  routes: routes({
    version: "1.2.3",
    prometheus: true,
    telemetryPath: "/metrics",
    render: () => Promise.reject(new Error("no metrics here")),
    notReady: () => undefined,
    status: () => JSON.parse(readFileSync(process.argv[2], "utf8")),
    logger,
  }),
  clock: systemClock,
  logger,
});
console.log(\`listening on \${address.port}.\`);
`;

/** A process that serves the pages of the installed agent. */
export interface StatusServer extends Server {
  /** Replaces the status that the pages show. */
  show(status: Status): void;
}

export async function serveStatus(): Promise<StatusServer> {
  const folder = await mkdtemp(join(installed(), "status-"));
  const file = join(folder, "status.json");
  await writeFile(join(folder, "program.mjs"), PROGRAM);
  const server = await startServer({
    command: NODE,
    args: [join(folder, "program.mjs"), file],
    announces: /listening on (\d+)\./,
    url: (port) => `http://127.0.0.1:${port}/`,
  });
  return {
    ...server,
    show: (status) => writeFileSync(file, JSON.stringify(status)),
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}
