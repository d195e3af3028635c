import type { Clock } from "../core/clock.ts";
import type { ProxyEnvironment } from "../http/proxy.ts";
import type { Backend } from "./backend.ts";
import { counted } from "./decorators/counted.ts";
import type { BackendCost } from "./decorators/counted.ts";
import { parseLocation } from "./location.ts";
import type { Location } from "./location.ts";
import { connectionsOf } from "./options.ts";
import type { Options } from "./options.ts";
import { retrying } from "./decorators/retrying.ts";
import { proxyVariables, variablesFor, visibleTo } from "./environment.ts";
import type { Variables } from "./environment.ts";

/** What settings and process give for a repository. */
export interface OpenContext {
  /** Variables for this repository alone. */
  readonly environment: Variables;
  /** restic's `-o` options, checked. */
  readonly options?: Options | undefined;
  readonly connections?: number | undefined;
  readonly insecureTls?: boolean;
  readonly processEnvironment: ProxyEnvironment;
  readonly clock: Clock;
  readonly cost: BackendCost;
}

/** The same for a backend. */
export interface BackendContext {
  /** The repository's variables, over those of the process that restic reads for the scheme. All of them are secrets. */
  readonly environment: Variables;
  /** restic's `-o` options, checked: `s3.region` and the like. */
  readonly options: Options;
  /** Requests that may be under way at once. */
  readonly connections: number;
  /** Any certificate of a server will do. */
  readonly insecureTls: boolean;
  /** What a child process gets beside `environment`: that of the process, without the families that the repository has its own of. */
  readonly processEnvironment: ProxyEnvironment;
  /** `HTTP_PROXY` and its kin. */
  readonly proxyEnvironment: ProxyEnvironment;
  readonly clock: Clock;
}

/**
 * Opens the place that a repository string names.
 * @throws AgentError `config` for a scheme that cannot be read, `secret` or `config` for a variable that is no use
 */
export type OpenBackend = (repo: string, context: OpenContext) => Promise<Backend>;

/** @param address what stands behind the scheme and its colon */
export type OpenCustomBackend = (address: string, context: BackendContext) => Promise<Backend>;

/** Opens nothing yet: connections are made by the first call. */
export function backendOpener(
  custom: Readonly<Record<string, OpenCustomBackend>> = {},
): OpenBackend {
  return async (repo, context) => {
    const location = parseLocation(repo, Object.keys(custom));
    const backend = await openByScheme(location, backendContext(location.scheme, context), custom);
    return retrying(counted(backend, context.cost), context.clock);
  };
}

/** What a backend of a scheme gets. */
export function backendContext(
  scheme: Location["scheme"],
  {
    environment: own,
    options = {},
    connections,
    insecureTls = false,
    processEnvironment,
    clock,
  }: Omit<OpenContext, "cost">,
): BackendContext {
  const visible = visibleTo(own, processEnvironment);
  return {
    environment: variablesFor(scheme, own, visible),
    options,
    connections: connectionsOf(scheme, connections, options),
    insecureTls,
    processEnvironment: visible,
    proxyEnvironment: proxyVariables(own, visible),
    clock,
  };
}

/** A backend is one file and one line here; it is loaded when it is used. */
async function openByScheme(
  location: Location,
  context: BackendContext,
  custom: Readonly<Record<string, OpenCustomBackend>>,
): Promise<Backend> {
  const { scheme } = location;
  switch (scheme) {
    case "local":
      return (await import("./local/local.ts")).openLocal(location, context.clock);
    case "rest":
      return (await import("./rest/rest.ts")).openRest(location, context);
    case "s3":
      return (await import("./s3/s3.ts")).openS3(location, context);
    case "b2":
      return (await import("./b2/b2.ts")).openB2(location, context);
    case "azure":
      return (await import("./azure/azure.ts")).openAzure(location, context);
    case "gs":
      return (await import("./gs/gs.ts")).openGs(location, context);
    case "swift":
      return (await import("./swift/swift.ts")).openSwift(location, context);
    case "sftp":
      return (await import("./sftp/sftp.ts")).openSftp(location, context);
    case "rclone":
      return (await import("./rclone/rclone.ts")).openRclone(location, context);
    case "custom": {
      const open = custom[location.name];
      if (!open) throw new TypeError(`no backend for ${location.name}`);
      return open(location.address, context);
    }
  }
}
