import type { Dispatcher, Pool as UndiciPool } from "undici";

import type { HttpOptions } from "./http.ts";
import { proxyFor } from "./proxy.ts";

/** The way to one server. */
export interface Connection {
  readonly dispatcher: Dispatcher;
  /** ` through the proxy host:port`, or nothing. */
  readonly via: string;
}

const MAX_HEADER_BYTES = 64 * 1024;

/** Connects to nothing yet. @throws AgentError `config` for a proxy that cannot be used */
export async function openConnection(
  url: URL,
  options: HttpOptions,
  idleMs: number,
): Promise<Connection> {
  const { Agent, Pool, ProxyAgent } = await import("undici");
  const { ca, clientCertificate, serverName, skipVerify, socketPath, connections } = options;
  const trust = { timeout: idleMs, ...(ca !== undefined && { ca }) };
  const tls = {
    ...trust,
    ...(clientCertificate !== undefined && { cert: clientCertificate, key: clientCertificate }),
    ...(serverName !== undefined && { servername: serverName }),
    ...(skipVerify === true && { rejectUnauthorized: false }),
  };
  const limits = { connections, headersTimeout: idleMs, maxHeaderSize: MAX_HEADER_BYTES };
  const proxy = socketPath === undefined ? proxyFor(url, options.proxyEnvironment) : undefined;
  if (proxy === undefined) {
    const connect = { ...tls, ...(socketPath !== undefined && { socketPath }) };
    return { dispatcher: new Agent({ ...limits, connect }), via: "" };
  }
  // What ProxyAgent makes of its own accord has no limits.
  const pool = (origin: URL, own: UndiciPool.Options): UndiciPool =>
    new Pool(origin, { ...own, ...limits });
  const dispatcher = new ProxyAgent({
    ...limits,
    factory: pool,
    clientFactory: pool,
    uri: proxy.href,
    proxyTunnel: url.protocol === "https:",
    proxyTls: trust,
    requestTls: tls,
  });
  return { dispatcher, via: ` through the proxy ${proxy.host}` };
}
