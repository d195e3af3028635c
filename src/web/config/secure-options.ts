import { constants } from "node:crypto";
import { getCACertificates } from "node:tls";
import type { TlsOptions } from "node:tls";

import type { TlsConfig } from "./tls-config.ts";

/** The contents of the PEM files of a TlsConfig. */
export interface PemTexts {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | undefined;
}

/** Always enabled, as in Go. */
const TLS13_SUITES = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
];
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Options for Node.js that give handshakes the same result as with exporter-toolkit. */
export function secureOptions(
  config: TlsConfig,
  { cert, key, clientCa }: PemTexts,
  http2: boolean,
): TlsOptions {
  const { minVersion, maxVersion, ciphers, curves, clientAuth } = config;
  const old = minVersion === "TLSv1" || minVersion === "TLSv1.1";
  const verifies = clientAuth === "verify" || clientAuth === "verifyIfGiven";
  return {
    cert,
    key,
    ...(verifies && { ca: clientCa ?? getCACertificates("system") }),
    // OpenSSL disables versions below TLS 1.2 at its default security level.
    ciphers: [...TLS13_SUITES, ...ciphers, ...(old ? ["@SECLEVEL=0"] : [])].join(":"),
    honorCipherOrder: true,
    minVersion,
    maxVersion,
    ...(curves && { ecdhCurve: curves.join(":") }),
    requestCert: clientAuth !== "none",
    // rejectReason() checks the certificate after the handshake: OpenSSL supports fewer kinds of rules.
    rejectUnauthorized: false,
    // A resumed session would keep the result of certificate rules that have changed since.
    secureOptions: constants.SSL_OP_NO_TICKET,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ALPNProtocols: http2 ? ["h2", "http/1.1"] : ["http/1.1"],
  };
}
