import buildConnector from "undici/lib/core/connect.js";
import { Socks5Client } from "undici/lib/core/socks5-client.js";

const DEFAULT_PORT = 1080;

/**
 * Connects through a SOCKS5 proxy, which resolves the name of the server. RFC 1928.
 * @param tls of the server; the way to the proxy has none
 * @param connectMs limit of each step: the connection, the proxy's answers, the TLS handshake
 */
export function socksConnector(
  proxy: URL,
  tls: buildConnector.BuildOptions,
  connectMs: number,
): buildConnector.connector {
  const toProxy = buildConnector({ timeout: connectMs });
  const toServer = buildConnector({ ...tls, timeout: connectMs });
  const hostname = proxy.hostname.replace(/^\[|\]$/g, "");
  const login = {
    username: decodeURIComponent(proxy.username),
    password: decodeURIComponent(proxy.password),
  };
  const place = { hostname, protocol: "http:", port: proxy.port || `${DEFAULT_PORT}` };

  return (target, callback) =>
    toProxy(place, (failure, socket) => {
      if (failure) return callback(failure, null);
      const client = new Socks5Client(socket, login);
      let hasEnded = false;
      const end = (error?: Error): void => {
        if (hasEnded) return;
        hasEnded = true;
        socket.setTimeout(0);
        if (error) {
          socket.destroy();
          callback(error, null);
        } else if (target.protocol === "https:") {
          toServer({ ...target, httpSocket: socket }, callback);
        } else callback(null, socket);
      };
      // Later errors of the socket are emitted again.
      client.on("error", end);
      client.on("close", () => end(withCode("ECONNRESET")));
      client.on("connected", () => end());
      client.on("authenticated", () => {
        const port = Number(target.port) || (target.protocol === "https:" ? 443 : 80);
        client.connect(target.hostname, port);
      });
      socket.setTimeout(connectMs, () => end(withCode("UND_ERR_CONNECT_TIMEOUT")));
      client.handshake();
    });
}

function withCode(code: string): Error {
  return Object.assign(new Error("the SOCKS proxy does not answer"), { code });
}
