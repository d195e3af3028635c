import type { X509Certificate } from "node:crypto";
import { isIPv6 } from "node:net";
import type { TLSSocket } from "node:tls";

import type { TlsConfig } from "./tls-config.ts";

type ClientRules = Pick<TlsConfig, "clientAuth" | "clientAllowedSans">;

/** Why a client whose handshake is done may not come in; undefined if it may. */
export function rejectReason(
  socket: TLSSocket,
  { clientAuth, clientAllowedSans }: ClientRules,
): string | undefined {
  if (clientAuth === "none") return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) {
    const needed = clientAuth === "any" || clientAuth === "verify" || clientAllowedSans;
    return needed ? "no client certificate was given" : undefined;
  }
  const verified = clientAuth === "verify" || clientAuth === "verifyIfGiven";
  // The types know an Error here, but it is the code as text.
  if (verified && !socket.authorized)
    return `the client certificate is not trusted: ${String(socket.authorizationError)}`;
  if (clientAllowedSans && !namesOf(certificate).some((name) => clientAllowedSans.has(name)))
    return "the client certificate has none of the allowed subject alternative names";
  return undefined;
}

const KINDS = new Set(["DNS", "email", "IP Address", "URI"]);

/** DNS names, e-mail addresses, IP addresses and URIs that a certificate is for, as Go writes them; none if it has something that cannot be read. */
export function namesOf({ subjectAltName }: X509Certificate): readonly string[] {
  const text = subjectAltName ?? "";
  // Node.js writes `DNS:a, IP Address:::1, URI:"…"`, in JSON's quotes what could be taken for more than one.
  const part = /([\w ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;
  const names: string[] = [];
  while (part.lastIndex < text.length) {
    const [, kind = "", written = ""] = part.exec(text) ?? [];
    if (kind === "") return [];
    const name = written.startsWith('"') ? String(JSON.parse(written)) : written;
    if (KINDS.has(kind)) names.push(kind === "IP Address" && isIPv6(name) ? shortest(name) : name);
  }
  return names;
}

/** RFC 5952, which is how the URL standard writes it. */
function shortest(address: string): string {
  return URL.parse(`http://[${address}]`)?.hostname.slice(1, -1) ?? address;
}
