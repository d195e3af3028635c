import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import type { Secret } from "../../core/secret.ts";
import type { ProxyEnvironment } from "../../net/proxy.ts";
import type { Backend } from "./backend.ts";
import { counted } from "./counted.ts";
import type { BackendCost } from "./counted.ts";
import { parseLocation } from "./location.ts";
import type { Location } from "./location.ts";
import { retrying } from "./retrying.ts";

export interface BackendContext {
  /** restic's variables for this repository alone. */
  readonly environment: Readonly<Record<string, Secret>>;
  /** restic's `-o` options, `s3.region` and the like. */
  readonly options?: Readonly<Record<string, string>>;
  readonly proxyEnvironment: ProxyEnvironment;
  readonly clock: Clock;
  readonly cost: BackendCost;
}

/**
 * Opens the place that a repository string names.
 * @throws AgentError `config` for a scheme that cannot be read, `secret` or `config` for a variable that is no use
 */
export type OpenBackend = (repo: string, context: BackendContext) => Promise<Backend>;

/** @param address what stands behind the scheme and its colon */
export type OpenCustomBackend = (address: string, context: BackendContext) => Promise<Backend>;

/** Opens nothing yet: connections are made by the first call. */
export function backendOpener(
  custom: Readonly<Record<string, OpenCustomBackend>> = {},
): OpenBackend {
  return async (repo, context) => {
    const location = parseLocation(repo, Object.keys(custom));
    const backend = await openByScheme(location, context, custom);
    return retrying(counted(backend, context.cost), context.clock);
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
      return (await import("./local.ts")).openLocal(location, context.clock);
    case "rest":
      return (await import("./rest.ts")).openRest(location, context);
    case "s3":
      return (await import("./s3.ts")).openS3(location, context);
    case "b2":
      return (await import("./b2.ts")).openB2(location, context);
    case "sftp":
      return (await import("./sftp.ts")).openSftp(location, context);
    case "rclone":
      return (await import("./rclone.ts")).openRclone(location, context);
    case "custom": {
      const open = custom[location.name];
      if (!open) throw new TypeError(`no backend for ${location.name}`);
      return open(location.address, context);
    }
    default:
      throw new AgentError(
        "config",
        `repositories on ${scheme} cannot be read yet: local directories and rest servers can`,
      );
  }
}
