import type { Agent } from "node:http";

import { HttpProxyAgent } from "http-proxy-agent";
import { HttpsProxyAgent } from "https-proxy-agent";
import { AgentError } from "restic-otel-instrumentation/internal";

/** PEM. */
interface Certificates {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface ProxyAgentOptions {
  readonly proxy: URL;
  /** Scheme of the endpoint. */
  readonly protocol: string;
  readonly certificates: Certificates;
  /** Closes every connection. */
  readonly closed: AbortSignal;
}

/** Tunnels https (CONNECT). Plain http goes without a tunnel, since many proxies allow tunnels to port 443 only. */
export function proxyAgent({ proxy, protocol, certificates, closed }: ProxyAgentOptions): Agent {
  const options = { keepAlive: true, signal: closed, ca: certificates.ca };
  if (protocol === "http:") return new HttpProxyAgent(proxy, options);
  return new TunnelAgent(proxy, options, certificates);
}

type Connect = Parameters<HttpsProxyAgent<string>["connect"]>;

/** HttpsProxyAgent uses the certificates among its options for an https proxy, but not for the endpoint. */
class TunnelAgent extends HttpsProxyAgent<string> {
  readonly #certificates: Certificates;

  constructor(proxy: URL, options: object, certificates: Certificates) {
    super(proxy, options);
    this.#certificates = certificates;
  }

  override connect(
    request: Connect[0],
    options: Connect[1],
  ): ReturnType<HttpsProxyAgent<string>["connect"]> {
    request.once("proxyConnect", ({ statusCode: status }: { readonly statusCode: number }) => {
      if (status === 200) return;
      // Otherwise the proxy's response is taken for the receiver's.
      const code = status === 403 || status === 407 ? "denied" : "unreachable";
      const receiver = `${options.host}:${options.port}`;
      const message = `the proxy ${this.proxy.host} refused to connect to ${receiver} (${status})`;
      request.destroy(new AgentError(code, message));
    });
    return super.connect(request, { ...options, ...this.#certificates });
  }
}
