import { routes } from "../../../src/web/routes.ts";
import { startServer } from "../../../src/web/server.ts";
import type { WebServer } from "../../../src/web/server.ts";
import type { Status } from "../../../src/web/status/status.ts";
import { FakeClock } from "../core/clock.ts";
import { ArrayLogger } from "../core/logger.ts";

/** Serves the status page and `/api/status` for the current status of the test. */
export async function serveStatus(current: () => Status): Promise<WebServer & { url: string }> {
  const logger = new ArrayLogger();
  const server = await startServer({
    bind: { host: "127.0.0.1", port: 0 },
    routes: routes({
      version: "1.2.3",
      prometheus: true,
      render: () => Promise.reject(new Error("no metrics here")),
      notReady: () => undefined,
      status: current,
      logger,
    }),
    clock: new FakeClock(),
    logger,
  });
  return { ...server, url: `http://127.0.0.1:${server.address.port}/` };
}
