import { AgentError, proxyFor } from "restic-otel-instrumentation/internal";

/**
 * The proxy of the process environment for an endpoint; undefined: none.
 * @throws AgentError `config` if the variable is invalid, or names a proxy that the stock exporter cannot use
 */
export function proxyOf(url: string): URL | undefined {
  const endpoint = new URL(url);
  const proxy = proxyFor(endpoint, process.env);
  if (proxy?.protocol.startsWith("socks") !== true) return proxy;
  const variable = endpoint.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  throw new AgentError(
    "config",
    `${variable} names a SOCKS proxy, which OTLP cannot use: add ${endpoint.hostname} to NO_PROXY`,
  );
}
