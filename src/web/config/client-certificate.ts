import type { X509Certificate } from "node:crypto";
import { isIPv6 } from "node:net";
import type { TLSSocket } from "node:tls";

import type { TlsConfig } from "./tls-config.ts";

type ClientRules = Pick<TlsConfig, "clientAuth" | "clientAllowedSans">;

/** Why a client is rejected after the handshake; undefined: it is accepted. */
export function rejectReason(
  socket: TLSSocket,
  { clientAuth, clientAllowedSans }: ClientRules,
): string | undefined {
  if (clientAuth === "none") return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) {
    const isRequired = clientAuth === "any" || clientAuth === "verify" || clientAllowedSans;
    return isRequired ? "no client certificate was given" : undefined;
  }
  const verifies = clientAuth === "verify" || clientAuth === "verifyIfGiven";
  // The types declare an Error, but the value is OpenSSL's error code as string.
  if (verifies && !socket.authorized)
    return `the client certificate is not trusted: ${String(socket.authorizationError)}`;
  if (clientAllowedSans && !namesOf(certificate).some((name) => clientAllowedSans.has(name)))
    return "the client certificate has none of the allowed subject alternative names";
  return undefined;
}

const KINDS = new Set(["DNS", "email", "IP Address", "URI"]);

/** The DNS names, e-mail addresses, IP addresses and URIs of a certificate in Go's format. Empty if the extension cannot be parsed. */
export function namesOf({ subjectAltName }: X509Certificate): readonly string[] {
  const text = subjectAltName ?? "";
  // Node.js formats `DNS:a, IP Address:::1, URI:"…"`: an ambiguous name is a JSON string.
  const part = /([\w ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;
  const names: string[] = [];
  while (part.lastIndex < text.length) {
    const [, kind = "", value = ""] = part.exec(text) ?? [];
    if (kind === "") return [];
    const name = value.startsWith('"') ? String(JSON.parse(value)) : value;
    if (KINDS.has(kind)) names.push(kind === "IP Address" && isIPv6(name) ? shortest(name) : name);
  }
  return names;
}

/** The form of RFC 5952, which the URL standard uses. */
function shortest(address: string): string {
  return URL.parse(`http://[${address}]`)?.hostname.slice(1, -1) ?? address;
}
