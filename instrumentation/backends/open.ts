import { KnownSecrets } from "../core/known-secrets.ts";
import { MAX_SIZE_BYTES } from "./backend.ts";
import type { Backend } from "./backend.ts";
import type {
  BackendContext,
  OpenBackend,
  OpenContext,
  OpenCustomBackend,
  Variables,
} from "./context.ts";
import { counted } from "./decorators/counted.ts";
import { retrying } from "./decorators/retrying.ts";
import { inheritedBy, proxyVariables, variablesFor, visibleTo } from "./environment.ts";
import { parseLocation } from "./location.ts";
import type { Location } from "./location.ts";
import { connectionsOf } from "./options.ts";

/** Default of the setting `requestTimeout`. */
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * @param custom the backends of an embedder by their scheme
 * @param secrets of the program; default: those of each repository's own environment
 */
export function backendOpener(
  custom: Readonly<Record<string, OpenCustomBackend>> = {},
  secrets?: KnownSecrets,
): OpenBackend {
  return async (repo, context) => {
    const location = parseLocation(repo, Object.keys(custom));
    const backend = await openByScheme(
      location,
      backendContext(location.scheme, context, secrets),
      custom,
    );
    return retrying(counted(backend, context.cost), context.clock, context.debug);
  };
}

export function backendContext(
  scheme: Location["scheme"],
  context: Omit<OpenContext, "cost" | "debug">,
  secrets = secretsIn(context.environment),
): BackendContext {
  const { environment: own, options = {}, connections, clock } = context;
  const { maxSnapshotBytes = MAX_SIZE_BYTES.snapshots } = context;
  const visible = visibleTo(own, context.processEnvironment);
  return {
    environment: variablesFor(scheme, own, visible),
    options,
    connections: connectionsOf(scheme, connections, options),
    insecureTls: context.insecureTls ?? false,
    requestTimeoutMs: context.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    maxSizeBytes: { ...MAX_SIZE_BYTES, snapshots: maxSnapshotBytes },
    processEnvironment: inheritedBy(visible, secrets),
    redact: (text) => secrets.redact(text),
    proxyEnvironment: proxyVariables(own, visible),
    clock,
  };
}

function secretsIn(variables: Variables): KnownSecrets {
  const secrets = new KnownSecrets();
  for (const [name, secret] of Object.entries(variables)) secrets.note(name, secret);
  return secrets;
}

/** Each backend is one folder and one case here; it is loaded when a repository uses it. */
async function openByScheme(
  location: Location,
  context: BackendContext,
  custom: Readonly<Record<string, OpenCustomBackend>>,
): Promise<Backend> {
  const { scheme } = location;
  switch (scheme) {
    case "local":
      return (await import("./local/local.ts")).openLocal(location, context);
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
