import type { Clock } from "restic-otel-instrumentation/internal";
import type { Monitor } from "restic-otel-instrumentation/monitor";

import type { Build } from "./build.ts";
import type { LineLogger } from "./log.ts";
import type { AgentSettings } from "./settings/load.ts";
import type { Protection } from "./web/config/protection.ts";
import { outcomeOf } from "./web/lifecycle.ts";
import type { Lifecycle } from "./web/lifecycle.ts";
import { formatAddress } from "./web/listen.ts";
import type { InheritedSocket } from "./web/listen.ts";
import { HEALTH_PATHS, routes } from "./web/routes.ts";
import type { RoutesOptions } from "./web/routes.ts";
import { startServer } from "./web/server.ts";
import type { WebServer } from "./web/server.ts";
import { repositoriesOf, statusOf } from "./web/status/status.ts";
import type { StatusInput } from "./web/status/status.ts";

/** The part of an agent that the HTTP server shows and calls. */
interface Served extends Pick<RoutesOptions, "render" | "notReady"> {
  readonly monitor: Monitor;
  readonly statusInput: () => StatusInput;
  readonly reload: Lifecycle["reload"];
  readonly config: Lifecycle["config"];
}

interface ServeOptions {
  readonly clock: Clock;
  readonly logger: LineLogger;
  readonly build: Build;
  readonly inherited?: readonly InheritedSocket[];
}

/** Listens on all addresses. @throws AgentError `config` if it cannot listen */
export async function serve(
  settings: AgentSettings,
  { clock, logger, build, inherited = [] }: ServeOptions,
  { monitor, statusInput, reload, config, ...shown }: Served,
): Promise<{
  readonly servers: readonly WebServer[];
  readonly protection: Protection | undefined;
}> {
  const lifecycle: Lifecycle = {
    reload,
    collect: () =>
      monitor
        .collect({ listKeys: true })
        ?.then((outcome) =>
          outcomeOf(
            outcome,
            repositoriesOf(monitor.urls, monitor.store.entries(), monitor.inventories.entries()),
          ),
        ),
    stopping: () => monitor.stopped,
    config,
  };
  const { prometheus, telemetryPath, webConfigFile: file, healthWithoutLogin } = settings;
  const agentRoutes = routes({
    ...shown,
    async status() {
      await monitor.expected.refresh();
      return statusOf(statusInput());
    },
    version: build.version,
    prometheus,
    telemetryPath,
    lifecycle: settings.enableLifecycle ? lifecycle : undefined,
    logger,
  });
  const open = healthWithoutLogin ? HEALTH_PATHS : [];
  const protection =
    file === undefined
      ? undefined
      : await (
          await import("./web/config/protection.ts")
        ).Protection.open({ file, open, clock, logger });
  const servers: WebServer[] = [];
  for (const bind of inherited.length > 0 ? inherited : settings.bind) {
    const server = await startServer({ bind, routes: agentRoutes, clock, logger, protection });
    servers.push(server);
    logger.info("listening", { address: formatAddress(server.address) });
  }
  return { servers, protection };
}
