import { connect } from "node:net";
import type { Socket } from "node:net";

import { connected, securing, tunnel } from "./connect.ts";
import type { Patience } from "./connect.ts";
import { headerLines } from "./headers.ts";
import type { HttpOptions } from "./client.ts";
import { proxyFor } from "./proxy.ts";

/** What a connection hands over; it may be overwritten afterwards. */
type Receive = (bytes: Buffer) => void;

/** The way to one server. */
export interface Route {
  /** ` through the proxy host:port`, or nothing. */
  readonly via: string;
  /** What stands before the path in a request: the whole address where a proxy must know it. */
  readonly prefix: string;
  /** Lines for a proxy that reads each request. */
  readonly headers: string;
  /** A connection that requests can be written to. @throws the error of the socket, NoAnswerError, ProxyRefusal */
  open(receive: Receive, patience: Patience): Promise<Socket>;
}

/** All connections of the process read into it: what a read has brought is dealt with before the next one. */
const shared = Buffer.alloc(64 * 1024);

/** Connects to nothing yet. @throws AgentError `config` for a proxy that cannot be used */
export function routeTo(url: URL, options: HttpOptions): Route {
  const { socketPath, proxyEnvironment } = options;
  const proxy = socketPath === undefined ? proxyFor(url, proxyEnvironment) : undefined;
  if (proxy) return routeThrough(proxy, url, options);
  const where = socketPath === undefined ? addressOf(url) : { path: socketPath };
  const secure = isSecure(url) ? securing(hostOf(url), options) : undefined;
  const open = (receive: Receive, patience: Patience): Promise<Socket> => {
    const callback = (count: number): boolean => {
      receive(shared.subarray(0, count));
      return true;
    };
    const settings = { ...where, onread: { buffer: shared, callback } };
    return secure ? secure(settings, patience) : connected(connect(settings), patience);
  };
  return { via: "", prefix: "", headers: "", open };
}

function routeThrough(proxy: URL, url: URL, options: HttpOptions): Route {
  const via = ` through the proxy ${proxy.host}`;
  const headers = headerLines(login(proxy));
  const where = addressOf(proxy);
  const secureProxy = isSecure(proxy) ? securing(hostOf(proxy), { ca: options.ca }) : undefined;
  const toProxy = (patience: Patience): Promise<Socket> =>
    secureProxy ? secureProxy(where, patience) : connected(connect(where), patience);
  if (!isSecure(url)) {
    return {
      via,
      prefix: url.origin,
      headers,
      open: async (receive, patience) => (await toProxy(patience)).on("data", receive),
    };
  }
  const secure = securing(hostOf(url), options);
  const target = `${url.hostname}:${addressOf(url).port}`;
  return {
    via,
    prefix: "",
    headers: "",
    async open(receive, patience) {
      const socket = await tunnel(await toProxy(patience), target, headers, patience);
      return (await secure({ socket }, patience)).on("data", receive);
    },
  };
}

function isSecure({ protocol }: URL): boolean {
  return protocol === "https:";
}

function addressOf(url: URL) {
  const port = Number(url.port) || (isSecure(url) ? 443 : 80);
  return { host: hostOf(url), port, noDelay: true, keepAlive: true };
}

/** Without the brackets of IPv6. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

function login({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === "" && password === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}
