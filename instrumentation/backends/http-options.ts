import type { HttpOptions } from "../http/options.ts";
import { certificates } from "../http/pem.ts";
import type { BackendContext } from "./context.ts";
import { valueOf } from "./context.ts";

/**
 * The options of the HTTP client for a repository: connections, proxy, certificates.
 * @throws AgentError `config` for a file without certificates
 */
export async function httpOptions(
  { environment, connections, insecureTls, proxyEnvironment, requestTimeoutMs }: BackendContext,
  idleMs?: number,
): Promise<HttpOptions> {
  const pem = (name: string): Promise<string | undefined> =>
    certificates(valueOf(environment, name), name);
  return {
    connections,
    requestTimeoutMs,
    proxyEnvironment,
    ca: await pem("RESTIC_CACERT"),
    clientCertificate: await pem("RESTIC_TLS_CLIENT_CERT"),
    skipVerify: insecureTls,
    ...(idleMs !== undefined && { idleMs }),
  };
}
