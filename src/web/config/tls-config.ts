import type { SecureVersion } from "node:tls";

import { nearest } from "restic-otel-instrumentation/internal";

import type { WrittenValue } from "./written-value.ts";

/** PEM text, or the path of a PEM file relative to the web config file. */
export type Pem = { readonly file: string } | { readonly inline: string };

/** How clients authenticate. `any`: a certificate is required, but not verified. */
type ClientAuth = "none" | "request" | "any" | "verifyIfGiven" | "verify";

export interface TlsConfig {
  readonly cert: Pem;
  readonly key: Pem;
  /** undefined: the CAs that the system trusts. */
  readonly clientCa: Pem | undefined;
  readonly clientAuth: ClientAuth;
  /** If set, a client certificate needs one of these subject alternative names. */
  readonly clientAllowedSans: ReadonlySet<string> | undefined;
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** OpenSSL's names of the cipher suites for TLS 1.2 and below. Empty: only TLS 1.3 is possible. */
  readonly ciphers: readonly string[];
  /** OpenSSL's names of the curves; undefined: OpenSSL's default. */
  readonly curves: readonly string[] | undefined;
}

const CLIENT_AUTH: ReadonlyMap<string, ClientAuth> = new Map<string, ClientAuth>([
  ["", "none"],
  ["NoClientCert", "none"],
  ["RequestClientCert", "request"],
  ["RequireAnyClientCert", "any"],
  ["RequireClientCert", "any"],
  ["VerifyClientCertIfGiven", "verifyIfGiven"],
  ["RequireAndVerifyClientCert", "verify"],
]);

const VERSIONS: ReadonlyMap<string, SecureVersion> = new Map<string, SecureVersion>([
  ["TLS10", "TLSv1"],
  ["TLS11", "TLSv1.1"],
  ["TLS12", "TLSv1.2"],
  ["TLS13", "TLSv1.3"],
]);

const CURVES: ReadonlyMap<string, string> = new Map([
  ["CurveP256", "P-256"],
  ["CurveP384", "P-384"],
  ["CurveP521", "P-521"],
  ["X25519", "X25519"],
]);

/** The cipher suites that Go considers secure, in Go's order of preference. undefined: a suite of TLS 1.3, which is always enabled. */
const CIPHERS: ReadonlyMap<string, string | undefined> = new Map([
  ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"],
  ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"],
  ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"],
  ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"],
  ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"],
  ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"],
  ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"],
  ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"],
  ["TLS_AES_128_GCM_SHA256", undefined],
  ["TLS_AES_256_GCM_SHA384", undefined],
  ["TLS_CHACHA20_POLY1305_SHA256", undefined],
]);

export const TLS_KEYS = [
  "cert",
  "key",
  "client_ca",
  "cert_file",
  "key_file",
  "client_auth_type",
  "client_ca_file",
  "cipher_suites",
  "curve_preferences",
  "min_version",
  "max_version",
  "prefer_server_cipher_suites",
  "client_allowed_sans",
];

/** undefined: TLS is off. A version alone does not switch it on. */
export function parseTls(tls: WrittenValue): TlsConfig | undefined {
  tls.entries(TLS_KEYS);
  const cert = pem(tls, "cert");
  const key = pem(tls, "key");
  const clientCa = pem(tls, "client_ca");
  const clientAuth = choice(tls.get("client_auth_type"), CLIENT_AUTH);
  const minVersion = version(tls.get("min_version"), "TLSv1.2");
  const maxVersion = version(tls.get("max_version"), "TLSv1.3");
  const ciphers = tls
    .get("cipher_suites")
    .list()
    ?.map((suite) => choice(suite, CIPHERS));
  const curves = tls
    .get("curve_preferences")
    .list()
    ?.map((curve) => choice(curve, CURVES));
  const sans = tls.get("client_allowed_sans").list();
  const clientAllowedSans = sans && new Set(sans.map((san) => san.text()));
  tls.get("prefer_server_cipher_suites").boolean(true);
  if (!cert && !key && !clientCa && tls.get("client_auth_type").text() === "") return undefined;
  if (!cert) tls.problem("cert_file or cert is missing");
  if (!key) tls.problem("key_file or key is missing");
  if (clientCa && clientAuth === "none")
    tls.problem("a client CA needs a client_auth_type: set RequireAndVerifyClientCert");
  const order = [...VERSIONS.values()];
  if (order.indexOf(minVersion) > order.indexOf(maxVersion))
    tls.problem("min_version is above max_version: no client could connect");
  if (!cert || !key) return undefined;
  return {
    cert,
    key,
    clientCa,
    clientAuth: clientAuth ?? "none",
    clientAllowedSans,
    minVersion,
    maxVersion,
    ciphers: (ciphers && ciphers.length > 0 ? ciphers : [...CIPHERS.values()]).filter(
      (suite) => suite !== undefined,
    ),
    curves: curves?.length ? curves.filter((curve) => curve !== undefined) : undefined,
  };
}

/** The file takes precedence over inline text. */
function pem(tls: WrittenValue, key: string): Pem | undefined {
  const file = tls.get(`${key}_file`).text();
  const inline = tls.get(key).text();
  if (file !== "") return { file };
  return inline === "" ? undefined : { inline };
}

function version(value: WrittenValue, initial: SecureVersion): SecureVersion {
  return value.given ? (choice(value, VERSIONS) ?? initial) : initial;
}

function choice<T>(value: WrittenValue, choices: ReadonlyMap<string, T>): T | undefined {
  const text = value.text();
  if (choices.has(text)) return choices.get(text);
  const names = [...choices.keys()].filter((name) => name !== "");
  const near = nearest(text, names);
  value.problem(
    near === undefined
      ? `must be one of ${names.join(", ")}`
      : `unknown value, did you mean ${near}?`,
  );
  return undefined;
}
