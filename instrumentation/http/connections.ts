import type { Dispatcher } from "undici";
import buildConnector from "undici/lib/core/connect.js";
import Pool from "undici/lib/dispatcher/pool.js";

import type { HttpOptions } from "./options.ts";
import { proxyFor } from "./proxy.ts";
import type { TimeLimits } from "./time-limits.ts";

/** The connections to one origin. */
export interface Connections {
  readonly dispatcher: Dispatcher;
  /** ` through the proxy host:port`, or empty: completes the server's name in messages. */
  readonly via: string;
  /** Whether the request that starts now is the first one on its connection. Clears the answer. */
  readonly takeIsFirst: () => boolean;
}

const MAX_HEADER_BYTES = 64 * 1024;
/** Many servers close a connection that was idle for 5 s. */
const KEEP_ALIVE_MS = 4000;

/** Does not connect yet. @throws AgentError `config` for a proxy that cannot be used */
export async function connectionsTo(
  url: URL,
  options: HttpOptions,
  { connectMs, firstByteMs, idleMs }: TimeLimits,
): Promise<Connections> {
  const { ca, clientCertificate, clientKey, serverName, skipVerify = false, socketPath } = options;
  const tls = {
    ca,
    cert: clientCertificate,
    key: clientKey ?? clientCertificate,
    ...(serverName !== undefined && { servername: serverName }),
    rejectUnauthorized: !skipVerify,
    allowH2: false,
  };
  const limits = {
    connections: options.connections,
    pipelining: 1,
    allowH2: false,
    connectTimeout: connectMs,
    headersTimeout: firstByteMs,
    bodyTimeout: idleMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  let isFirst = false;
  const takeIsFirst = (): boolean => {
    const was = isFirst;
    isFirst = false;
    return was;
  };
  const pool = (origin: URL | string, connector: buildConnector.connector): Pool => {
    const connect: buildConnector.connector = (target, callback) =>
      connector(target, (error, socket) => {
        if (error) return callback(error, null);
        // Node.js keeps a socket open after a TLS alert: undici would report that it was closed, not why.
        socket.once("error", (cause) => socket.destroy(cause));
        // The callback starts the request that waits for this connection.
        isFirst = true;
        callback(null, socket);
      });
    return new Pool(origin, { ...limits, connect });
  };

  const proxy = socketPath === undefined ? proxyFor(url, options.proxyEnvironment) : undefined;
  if (!proxy) {
    const connector = buildConnector({
      ...tls,
      socketPath: socketPath ?? null,
      timeout: connectMs,
    });
    return { dispatcher: pool(url.origin, connector), via: "", takeIsFirst };
  }
  const via = ` through the proxy ${proxy.host}`;
  if (proxy.protocol.startsWith("socks5")) {
    const { socksConnector } = await import("./socks.ts");
    const connector = socksConnector(proxy, tls, connectMs);
    return { dispatcher: pool(url.origin, connector), via, takeIsFirst };
  }
  const { ProxyAgent } = await import("undici");
  const token = login(proxy);
  const dispatcher = new ProxyAgent({
    ...limits,
    uri: proxy.origin,
    ...(token !== undefined && { token }),
    requestTls: tls,
    proxyTls: { ca, allowH2: false },
    factory: (origin, { connect }: Connector) => pool(origin, connect),
    // By default a proxy may take 300 s to answer a CONNECT.
    clientFactory: (origin, { connect }: Connector) => new Pool(origin, { ...limits, connect }),
  });
  return { dispatcher, via, takeIsFirst };
}

/** The options of a pool that ProxyAgent wants. */
interface Connector {
  readonly connect: buildConnector.connector;
}

function login({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}
