import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { ServerOptions } from "node:https";
import { json } from "node:stream/consumers";
import { TLSSocket } from "node:tls";

import { listeningPort } from "../core/listening-port.ts";

interface FakeRequest {
  readonly method: string;
  /** Relative to /v1/, still encoded, with the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  /** Subject of the client certificate. */
  readonly subject: string | undefined;
}

interface FakeReply {
  readonly status: number;
  /** Text is sent unchanged, everything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The request is received and never answered. */
export const HANGS = "hangs";

/** Undefined: the default reply. */
type Answer = FakeReply | typeof HANGS | undefined;

export const DENIED: FakeReply = { status: 403, body: { errors: ["permission denied"] } };
const MISSING: FakeReply = { status: 404, body: { errors: [] } };

/** Imitates the parts of Vault's API that the agent uses; for replies that a real Vault cannot be made to send. */
export class FakeVault {
  readonly requests: FakeRequest[] = [];
  /** KV version by mount. */
  mounts: Record<string, 1 | 2> = { kv: 1, secret: 2 };
  /** Fields by path, without `data/`. */
  secrets: Record<string, unknown> = {
    "kv/repo": { key: "password one" },
    "secret/repo": { key: "password two" },
  };
  /** Valid tokens. Each login adds one: `login-1`, `login-2`, … */
  tokens = new Set(["static"]);
  /** Lifetime of a new token, seconds; 0: it never expires. */
  ttl = 0;
  /** Lifetime after a renewal, seconds. Default: `ttl`. */
  renewedTtl: number | undefined;
  renewable = true;
  logins = 0;
  /** Called before the default reply, and replaces it unless it returns undefined. */
  intercept: (request: FakeRequest) => Answer = () => undefined;
  readonly #server: Server;
  readonly #scheme: "http" | "https";

  private constructor(tls: ServerOptions | undefined) {
    const listener: RequestListener = (request, response) => {
      void this.#receive(request).then((reply) => {
        if (reply === HANGS) return;
        const { status, body, headers = {} } = reply ?? MISSING;
        const text =
          typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
        response.writeHead(status, headers).end(text);
      });
    };
    this.#scheme = tls ? "https" : "http";
    this.#server = tls ? createTlsServer(tls, listener) : createServer(listener);
  }

  static async start(tls?: ServerOptions, socketPath?: string): Promise<FakeVault> {
    const vault = new FakeVault(tls);
    vault.#server.listen(
      socketPath === undefined ? { host: "127.0.0.1", port: 0 } : { path: socketPath },
    );
    await once(vault.#server, "listening");
    return vault;
  }

  get url(): string {
    return `${this.#scheme}://${this.host}`;
  }

  get host(): string {
    return `127.0.0.1:${listeningPort(this.#server)}`;
  }

  /** All requests in order, as `METHOD path`. */
  get calls(): readonly string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  /** Number of requests equal to `call`. */
  count(call: string): number {
    return this.calls.filter((one) => one === call).length;
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #receive(message: IncomingMessage): Promise<Answer> {
    const { method = "", url = "", headers } = message;
    const body = method === "POST" ? await json(message) : undefined;
    const { socket } = message;
    const peer = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    const { subject } = peer ?? {};
    const path = url.replace(/^\/v1\//, "");
    const request = { method, path, headers, body, subject };
    this.requests.push(request);
    return this.intercept(request) ?? this.#answer(request);
  }

  #answer({ method, path, headers }: FakeRequest): Answer {
    if (path.startsWith("auth/") && path.endsWith("/login")) {
      const token = `login-${(this.logins += 1)}`;
      this.tokens.add(token);
      return { status: 200, body: { auth: this.#auth(token, this.ttl) } };
    }
    const token = String(headers["x-vault-token"]);
    if (!this.tokens.has(token)) return DENIED;
    if (path === "auth/token/lookup-self")
      return { status: 200, body: { data: { ttl: this.ttl, renewable: this.renewable } } };
    if (path === "auth/token/renew-self")
      return { status: 200, body: { auth: this.#auth(token, this.renewedTtl ?? this.ttl) } };
    if (path === "auth/token/revoke-self") {
      this.tokens.delete(token);
      return { status: 204 };
    }
    return method === "GET" ? this.#read(path) : undefined;
  }

  #auth(token: string, ttl: number): object {
    return { client_token: token, lease_duration: ttl, renewable: this.renewable };
  }

  #read(path: string): Answer {
    const requested = decodeURIComponent(
      path.replace(/\?.*/, "").replace("sys/internal/ui/mounts/", ""),
    );
    const mount = Object.keys(this.mounts).find((one) => requested.startsWith(`${one}/`));
    if (mount === undefined) return DENIED;
    const version = this.mounts[mount];
    if (path.startsWith("sys/internal/ui/mounts/")) {
      const options = version === 1 ? null : { version: "2" };
      return { status: 200, body: { data: { path: `${mount}/`, type: "kv", options } } };
    }
    const fields =
      this.secrets[version === 1 ? requested : requested.replace(`${mount}/data/`, `${mount}/`)];
    if (fields === undefined || (version === 2 && !requested.startsWith(`${mount}/data/`)))
      return MISSING;
    return { status: 200, body: { data: version === 1 ? fields : { data: fields } } };
  }
}
