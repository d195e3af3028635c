import { httpClient } from "restic-otel-instrumentation/http";
import type { Send } from "restic-otel-instrumentation/http";
import { readPem } from "restic-otel-instrumentation/internal";

import type { OtlpEndpoint } from "../../settings/otlp.ts";

/** Reads the certificates, and does not connect yet. @throws AgentError `config` if a file cannot be read */
export async function otlpClient({ tls, timeoutMs }: OtlpEndpoint): Promise<Send> {
  const pem = async (name: keyof typeof tls): Promise<string | undefined> => {
    const file = tls[name];
    return file === undefined ? undefined : readPem(file, `tls.${name}`);
  };
  const [ca, clientCertificate, clientKey] = await Promise.all([
    pem("ca"),
    pem("cert"),
    pem("key"),
  ]);
  return httpClient({
    ca,
    clientCertificate,
    clientKey,
    caHint: "tls.ca, or OTEL_EXPORTER_OTLP_CERTIFICATE, names another CA",
    proxyEnvironment: process.env,
    connections: 1,
    requestTimeoutMs: timeoutMs,
    idleMs: timeoutMs,
  });
}
