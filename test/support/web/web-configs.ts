import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The certificates and keys that these configs refer to. */
export const CERTIFICATES = join(import.meta.dirname, "../../fixtures/web-config");

const TLS = "cert_file: server.pem, key_file: server.key";
const RSA = "cert_file: server-rsa.pem, key_file: server-rsa.key";
/** Hashes of `correct horse`, `pässwörd ✓`, 80 × `x` and the empty password, at the costs 4, 5, 4 and 4. */
const HASHES = {
  alice: "$2b$04$qAKtq61cfmqrKYv8PmPePOLhL/tP8sjIPodBepv.Pb4gpoeEeg3Qy",
  bob: "$2b$05$ckaoLEdCFDYgiRVN.zJO3OXPRsc3Fj0eRYe7L23JVMJtnseV7Dwhu",
  long: "$2b$04$VCD1ef.iwMQLJtvdflZcFu92DZUGBw3lc64HS7GIAWYqAdQH7ZRDW",
  empty: "$2b$04$khw6PM/HSgaPz2k6GdJEzeqpLV/aNhsI.XifHkYmUWaxe.z7y/CAq",
};
const ALICE = `alice: ${HASHES.alice}`;

function inline(file: string): string {
  const pem = readFileSync(join(CERTIFICATES, file), "utf8");
  return `|\n${pem.trimEnd().replaceAll(/^/gm, "    ")}`;
}

function tls(more: string, pair = TLS): string {
  return `tls_server_config: {${pair}, ${more}}\n`;
}

const HTTP1 = "http_server_config: {http2: false}\n";
const CA = "client_ca_file: ca.pem";

/** Valid and invalid web config files by their content. */
export const WEB_CONFIGS: Readonly<Record<string, string>> = {
  empty: "",
  "only a comment": "# nothing yet\n",
  "nothing in any section":
    "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n",
  "a list": "- tls_server_config\n",
  "invalid YAML": "tls_server_config: {cert_file: [\n",
  "unknown section": "tls_config: {cert_file: server.pem}\n",
  "unknown key of tls": tls("client_auth: RequireAnyClientCert"),
  "unknown key of http": "http_server_config: {http3: true}\n",
  "unknown key of rate_limit": "rate_limit: {interval: 1s, bursts: 3}\n",
  "duplicate key": `tls_server_config: {${TLS}, key_file: server.key}\n`,
  "key in capitals": "tls_server_config: {Cert_File: server.pem, key_file: server.key}\n",
  "second document": `tls_server_config: {${TLS}}\n---\nnonsense: 1\n`,

  "certificate and key": `tls_server_config: {${TLS}}\n`,
  "RSA certificate": `tls_server_config: {${RSA}}\n`,
  "certificate and key inline": `tls_server_config:\n  cert: ${inline("server.pem")}\n  key: ${inline("server.key")}\n`,
  "file and inline, the file takes precedence": `tls_server_config: {${TLS}, cert: nonsense, key: nonsense}\n`,
  "no certificate": "tls_server_config: {key_file: server.key}\n",
  "no key": "tls_server_config: {cert_file: server.pem}\n",
  "no such certificate": "tls_server_config: {cert_file: nowhere.pem, key_file: server.key}\n",
  "no such key": "tls_server_config: {cert_file: server.pem, key_file: nowhere.key}\n",
  "key in place of the certificate":
    "tls_server_config: {cert_file: server.key, key_file: server.key}\n",
  "key of another certificate":
    "tls_server_config: {cert_file: server.pem, key_file: server-rsa.key}\n",
  "key with a passphrase":
    "tls_server_config: {cert_file: server.pem, key_file: server-encrypted.key}\n",
  "certificate is a number": "tls_server_config: {cert_file: 1, key_file: server.key}\n",
  "certificate is a list": "tls_server_config: {cert_file: [server.pem], key_file: server.key}\n",
  "only a version, TLS is off": "tls_server_config: {min_version: TLS13}\n",
  "only NoClientCert": "tls_server_config: {client_auth_type: NoClientCert}\n",
  "YAML alias": `x: &pair {cert_file: server.pem}\ntls_server_config: *pair\n`,
  "YAML merge key": `tls_server_config: {<<: {cert_file: server.pem}, key_file: server.key}\n`,

  RequestClientCert: tls("client_auth_type: RequestClientCert"),
  RequireAnyClientCert: tls("client_auth_type: RequireAnyClientCert"),
  "RequireClientCert, the old name": tls("client_auth_type: RequireClientCert"),
  VerifyClientCertIfGiven: tls(`client_auth_type: VerifyClientCertIfGiven, ${CA}`),
  RequireAndVerifyClientCert: tls(`client_auth_type: RequireAndVerifyClientCert, ${CA}`),
  "client CA inline": `tls_server_config:\n  ${TLS.replace(", ", "\n  ")}\n  client_auth_type: RequireAndVerifyClientCert\n  client_ca: ${inline("ca.pem")}\n`,
  "the system's authorities": tls("client_auth_type: RequireAndVerifyClientCert"),
  "client CA without a type": tls(CA),
  "client CA and NoClientCert": tls(`client_auth_type: NoClientCert, ${CA}`),
  "unknown client_auth_type": tls("client_auth_type: RequireAndVerifyClientCerts"),
  "no such client CA": tls(
    "client_auth_type: RequireAndVerifyClientCert, client_ca_file: nowhere.pem",
  ),
  "client CA without a certificate": tls(
    "client_auth_type: RequireAndVerifyClientCert, client_ca_file: server.key",
  ),
  "allowed SAN, DNS": tls(
    `client_auth_type: RequireAndVerifyClientCert, ${CA}, client_allowed_sans: [prometheus.example]`,
  ),
  "allowed SAN, e-mail": tls(
    `client_auth_type: RequireAndVerifyClientCert, ${CA}, client_allowed_sans: [ops@example.com]`,
  ),
  "allowed SAN, IPv4": tls(
    `client_auth_type: RequireAndVerifyClientCert, ${CA}, client_allowed_sans: [other, 192.0.2.7]`,
  ),
  "allowed SAN, IPv6": tls(
    `client_auth_type: RequireAndVerifyClientCert, ${CA}, client_allowed_sans: ["2001:db8::7"]`,
  ),
  "allowed SAN, URI": tls(
    `client_auth_type: RequireAndVerifyClientCert, ${CA}, client_allowed_sans: ["spiffe://example/prometheus"]`,
  ),
  "allowed SAN of another client": tls(
    `client_auth_type: RequireAndVerifyClientCert, ${CA}, client_allowed_sans: [grafana.example]`,
  ),
  "no allowed SAN": tls(
    `client_auth_type: RequireAndVerifyClientCert, ${CA}, client_allowed_sans: []`,
  ),
  "allowed SAN, any certificate": tls(
    "client_auth_type: RequireAnyClientCert, client_allowed_sans: [prometheus.example]",
  ),
  "allowed SAN, certificate only requested": tls(
    "client_auth_type: RequestClientCert, client_allowed_sans: [prometheus.example]",
  ),
  "allowed SAN without client_auth_type": tls("client_allowed_sans: [prometheus.example]"),

  "at least TLS13": tls("min_version: TLS13"),
  "at most TLS12": tls("max_version: TLS12"),
  "at least TLS10": tls("min_version: TLS10"),
  "only TLS11": tls("min_version: TLS11, max_version: TLS11"),
  "unknown version": tls("min_version: TLS1.2"),
  "min_version above max_version": tls("min_version: TLS13, max_version: TLS12"),
  "one cipher suite": `${tls("max_version: TLS12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]")}${HTTP1}`,
  "a cipher suite for another type of key": `${tls("max_version: TLS12, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]")}${HTTP1}`,
  "only a cipher suite of TLS 1.3": `${tls("cipher_suites: [TLS_AES_256_GCM_SHA384]")}${HTTP1}`,
  "without the cipher suite that HTTP/2 requires": tls(
    "cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]",
  ),
  "all cipher suites": tls(
    `cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256,
      TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
      TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
      TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
      TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256]`,
    RSA,
  ),
  "insecure cipher suite": tls("cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]", RSA),
  "no cipher suite": tls("cipher_suites: []"),
  "one curve": tls("curve_preferences: [CurveP384]"),
  "all curves": tls("curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]"),
  "unknown curve": tls("curve_preferences: [P-256]"),
  prefer_server_cipher_suites: tls("prefer_server_cipher_suites: no"),
  "prefer_server_cipher_suites in quotes": tls('prefer_server_cipher_suites: "true"'),

  "HTTP/2 off": `tls_server_config: {${TLS}}\nhttp_server_config: {http2: off}\n`,
  "HTTP/2 on": `tls_server_config: {${TLS}}\nhttp_server_config: {http2: Yes}\n`,
  "HTTP/2 without a value": `tls_server_config: {${TLS}}\nhttp_server_config: {http2: }\n`,
  "an empty http_server_config": `tls_server_config: {${TLS}}\nhttp_server_config:\n`,
  "all headers": `http_server_config:
  headers:
    Strict-Transport-Security: max-age=63072000
    X-Content-Type-Options: nosniff
    X-Frame-Options: deny
    X-XSS-Protection: 1; mode=block
    Content-Security-Policy: |
      default-src 'self';
      img-src 'self'
`,
  "unknown header": "http_server_config: {headers: {X-Powered-By: me}}\n",
  "header in lower case": "http_server_config: {headers: {x-frame-options: deny}}\n",
  "wrong X-Frame-Options": "http_server_config: {headers: {X-Frame-Options: allow}}\n",
  "wrong X-Content-Type-Options": "http_server_config: {headers: {X-Content-Type-Options: yes}}\n",

  "a login": `basic_auth_users: {${ALICE}}\n`,
  "a login over TLS": `tls_server_config: {${TLS}}\nbasic_auth_users: {${ALICE}}\n`,
  "several logins": `basic_auth_users: {${ALICE}, bob: ${HASHES.bob}, long: ${HASHES.long}, nobody: ${HASHES.empty}}\n`,
  "old spellings of bcrypt": `basic_auth_users: {alice: ${HASHES.alice.replace("2b", "2y")}, bob: ${HASHES.bob.replace("2b", "2x")}}\n`,
  "users whose names are not strings": `basic_auth_users: {123: ${HASHES.alice}, yes: ${HASHES.alice}, 0x10: ${HASHES.alice}}\n`,
  "password in the clear": "basic_auth_users: {alice: correct horse}\n",
  "hash of another algorithm":
    "basic_auth_users: {alice: $6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.}\n",
  "cost of 3": `basic_auth_users: {alice: ${HASHES.alice.replace("04", "03")}}\n`,
  "truncated hash": `basic_auth_users: {alice: ${HASHES.alice.slice(0, 40)}}\n`,
  "hash with a missing character": `basic_auth_users: {alice: ${HASHES.alice.slice(0, -1)}}\n`,
  "user with a colon": `basic_auth_users: {"a:b": ${HASHES.alice}}\n`,
  "user without a hash": "basic_auth_users: {alice: }\n",
  "users as a list": `basic_auth_users: [${ALICE}]\n`,

  "rate limit": "rate_limit: {interval: 1h, burst: 3}\n",
  "rate limit before the login": `rate_limit: {interval: 1h, burst: 3}\nbasic_auth_users: {${ALICE}}\n`,
  "rate limit with the interval 0s": "rate_limit: {interval: 0s, burst: 1}\n",
  "rate limit with the interval 0": "rate_limit: {interval: 0, burst: 1}\n",
  "rate limit without a burst": "rate_limit: {interval: 1s}\n",
  "rate limit without a unit": "rate_limit: {interval: 10, burst: 1}\n",
  "rate limit with an invalid interval": "rate_limit: {interval: often, burst: 1}\n",
  "burst that is not a number": "rate_limit: {interval: 1s, burst: many}\n",
  "negative burst": "rate_limit: {interval: 1s, burst: -1}\n",
};
