import type { ProxyEnvironment } from "./proxy.ts";

export interface HttpOptions {
  /** PEM; replaces the certificate authorities of the system. */
  readonly ca?: string | undefined;
  /** PEM: certificate of the client, with its key unless there is `clientKey`. */
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  /** The name in the server's certificate, if it differs from the host of the URL. */
  readonly serverName?: string | undefined;
  /** Accept any certificate of the server. */
  readonly skipVerify?: boolean;
  /** Ends the message about a certificate of an unknown CA. Default: the hint for a repository. */
  readonly caHint?: string;
  /** A unix socket to connect to in place of the host; no proxy is used. */
  readonly socketPath?: string | undefined;
  /** Default true: a GET follows redirects within its origin. */
  readonly followRedirects?: boolean;
  readonly proxyEnvironment: ProxyEnvironment;
  /** Connections to one origin; further requests wait. */
  readonly connections: number;
  /** Maximum wait for the first byte of a response, milliseconds. Default: 60 s. */
  readonly requestTimeoutMs?: number;
  /** Maximum silence within a body, milliseconds. Default: 20 s. */
  readonly idleMs?: number;
}
