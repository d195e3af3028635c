import { httpAgentFactoryFromOptions } from "@opentelemetry/otlp-exporter-base/node-http";
import { readPem } from "restic-otel-instrumentation/internal";

import type { OtlpEndpoint } from "../../settings/otlp.ts";
import { proxyOf } from "./proxy-of.ts";

export type AgentFactory = ReturnType<typeof httpAgentFactoryFromOptions>;

/**
 * Makes the agent that connects to an endpoint, through the proxy of the environment if there is one.
 * @param closed closes every connection, also one that is being made
 */
export function agentFactory({ url, tls }: OtlpEndpoint, closed: AbortSignal): AgentFactory {
  return async (protocol) => {
    const proxy = proxyOf(url);
    const pem = async (name: keyof typeof tls): Promise<string | undefined> => {
      const file = tls[name];
      return file === undefined ? undefined : readPem(file, `tls.${name}`);
    };
    const [ca, cert, key] = await Promise.all([pem("ca"), pem("cert"), pem("key")]);
    const certificates = { ca, cert, key };
    if (!proxy) {
      // Options of sockets are options of the agent too.
      const options = { keepAlive: true, signal: closed, ...certificates };
      return httpAgentFactoryFromOptions(options)(protocol);
    }
    const { proxyAgent } = await import("./proxy-agent.ts");
    return proxyAgent({ proxy, protocol, certificates, closed });
  };
}
