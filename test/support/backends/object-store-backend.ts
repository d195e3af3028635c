import { openAzure } from "../../../instrumentation/backends/azure/azure.ts";
import type { LoadIdentity } from "../../../instrumentation/backends/azure/entra-id.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import type { LoadGoogleAuth } from "../../../instrumentation/backends/gs/google-auth.ts";
import { openGs } from "../../../instrumentation/backends/gs/gs.ts";
import { parseLocation } from "../../../instrumentation/backends/location.ts";
import { openSwift } from "../../../instrumentation/backends/swift/swift.ts";
import { contextOf } from "./backend-context.ts";
import type { ContextOptions } from "./backend-context.ts";

interface StoreOptions extends ContextOptions {
  readonly idleMs?: number;
  readonly loadIdentity?: LoadIdentity;
  readonly loadGoogleAuth?: LoadGoogleAuth;
  /** Names in a page of Azure. Default: 5,000. */
  readonly pageSize?: number;
}

/** The backend of an `azure:`, `gs:` or `swift:` repository string, without retries. */
export function openStoreAt(
  repo: string,
  { idleMs, loadIdentity, loadGoogleAuth, pageSize, ...options }: StoreOptions,
): Promise<Backend> {
  const location = parseLocation(repo);
  const context = contextOf(location.scheme, options);
  switch (location.scheme) {
    case "azure":
      return openAzure(location, context, { idleMs, loadIdentity, pageSize });
    case "gs":
      return openGs(location, context, { idleMs, loadGoogleAuth });
    case "swift":
      return openSwift(location, context, idleMs);
    default:
      throw new Error(`${repo} is not in one of these stores`);
  }
}
