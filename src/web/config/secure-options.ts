import { constants } from "node:crypto";
import { getCACertificates } from "node:tls";
import type { TlsOptions } from "node:tls";

import type { TlsConfig } from "./tls-config.ts";

/** The PEM texts that a TlsConfig names. */
export interface PemTexts {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | undefined;
}

/** Cannot be chosen from, as in Go. */
const TLS13_SUITES = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
];
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** What Node.js is to be told, so that a handshake ends as it does with exporter-toolkit. */
export function secureOptions(
  config: TlsConfig,
  { cert, key, clientCa }: PemTexts,
  http2: boolean,
): TlsOptions {
  const { minVersion, maxVersion, ciphers, curves, clientAuth } = config;
  const old = minVersion === "TLSv1" || minVersion === "TLSv1.1";
  const verified = clientAuth === "verify" || clientAuth === "verifyIfGiven";
  return {
    cert,
    key,
    ...(verified && { ca: clientCa ?? getCACertificates("system") }),
    // OpenSSL speaks nothing below TLS 1.2 at its usual level of security.
    ciphers: [...TLS13_SUITES, ...ciphers, ...(old ? ["@SECLEVEL=0"] : [])].join(":"),
    honorCipherOrder: true,
    minVersion,
    maxVersion,
    ...(curves && { ecdhCurve: curves.join(":") }),
    requestCert: clientAuth !== "none",
    // Who may come in is decided when the handshake is done: OpenSSL knows fewer kinds of rules.
    rejectUnauthorized: false,
    // A resumed session would bring back the verdict on a certificate from before a change of the rules.
    secureOptions: constants.SSL_OP_NO_TICKET,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ALPNProtocols: http2 ? ["h2", "http/1.1"] : ["http/1.1"],
  };
}
