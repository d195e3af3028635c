import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions } from "node:tls";

import { CERTIFICATES } from "./web-configs.ts";

const pem = (name: string): string => readFileSync(join(CERTIFICATES, `${name}.pem`), "utf8");

interface TestRequest {
  /** undefined: plain HTTP. */
  readonly tls?: ConnectionOptions;
  readonly headers?: readonly string[];
  /** Adds facts about the connection or the response to the result. */
  readonly details?: (facts: Facts) => string;
}

interface Facts {
  readonly protocol: string;
  readonly cipher: string;
  readonly alpn: string;
  readonly answer: string;
}

function withClient(name: string): TestRequest {
  return { tls: { cert: pem(name), key: pem(name) } };
}

function login(name: string, password: string): readonly string[] {
  return [`Authorization: Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`];
}

/** Requests in the order in which a test sends them: the rate limit depends on it. */
export const REQUESTS: Readonly<Record<string, TestRequest>> = {
  "in the clear": {},
  TLS: { tls: {} },
  "TLS 1.2": { tls: { maxVersion: "TLSv1.2" }, details: ({ protocol }) => protocol },
  "TLS 1.3": { tls: { minVersion: "TLSv1.3" }, details: ({ protocol }) => protocol },
  "TLS 1.1": {
    tls: { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
    details: ({ protocol }) => protocol,
  },
  "cipher suite": {
    tls: {
      maxVersion: "TLSv1.2",
      ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384",
    },
    details: ({ cipher }) => cipher,
  },
  "AES-128 alone": {
    tls: {
      maxVersion: "TLSv1.2",
      ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
    },
  },
  "RSA key exchange": { tls: { maxVersion: "TLSv1.2", ciphers: "AES128-SHA:AES128-GCM-SHA256" } },
  "curve P-256": { tls: { ecdhCurve: "P-256" } },
  "curve P-384": { tls: { ecdhCurve: "P-384" } },
  "HTTP/2 offered": { tls: { ALPNProtocols: ["h2"] }, details: ({ alpn }) => alpn },
  "HTTP/2 or 1.1": { tls: { ALPNProtocols: ["h2", "http/1.1"] }, details: ({ alpn }) => alpn },
  "client with names": withClient("named"),
  "client without names": withClient("nameless"),
  "client of another CA": withClient("stranger"),
  "client, expired": withClient("expired"),
  "client, for servers only": withClient("wrong-use"),
  alice: { headers: login("alice", "correct horse") },
  "alice again": { headers: login("alice", "correct horse") },
  "alice, wrong": { headers: login("alice", "wrong horse") },
  "alice over TLS": { tls: {}, headers: login("alice", "correct horse") },
  bob: { headers: login("bob", "pässwörd ✓") },
  "password of 80": { headers: login("long", "x".repeat(80)) },
  "password of 72": { headers: login("long", "x".repeat(72)) },
  "password of 71": { headers: login("long", "x".repeat(71)) },
  "empty password": { headers: login("nobody", "") },
  "unknown user": { headers: login("mallory", "correct horse") },
  "user 123": { headers: login("123", "correct horse") },
  "user yes": { headers: login("yes", "correct horse") },
  "user 0x10": { headers: login("0x10", "correct horse") },
  "user a:b": { headers: login("a:b", "correct horse") },
  "scheme in lower case": { headers: [`authorization: basic ${btoa("alice:correct horse")}`] },
  "no base64": { headers: ["Authorization: Basic alice:correct"] },
  "no colon": { headers: [`Authorization: Basic ${btoa("alice")}`] },
  Bearer: { headers: [`Authorization: Bearer ${btoa("alice:correct horse")}`] },
  headers: { details: ({ answer }) => configuredHeaders(answer) },
};

const CONFIGURED =
  /^(?:strict-transport-security|x-frame-options|x-xss-protection|www-authenticate|content-security-policy):.*$/gim;

/** The headers that a config can set, without the default policy of the agent. */
function configuredHeaders(answer: string): string {
  const lines = answer.match(CONFIGURED) ?? [];
  return lines
    .map((line) =>
      line
        .replace(/^[^:]+/, (name) => name.toLowerCase())
        .replace(/ realm=.*/, "")
        .trim(),
    )
    .filter((line) => !line.includes("frame-ancestors"))
    .toSorted()
    .join(" | ");
}

/** Sends a request. Resolves with the status and the details, or with `refused` if there is no response. */
export async function ask(
  port: number,
  { tls, headers = [], details }: TestRequest,
): Promise<string> {
  const secure = tls && connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false, ...tls });
  const socket: Socket = secure ?? connectTcp(port, "127.0.0.1");
  try {
    await once(socket, secure ? "secureConnect" : "connect");
    const facts: Facts = {
      answer: "",
      protocol: secure?.getProtocol() ?? "",
      cipher: secure?.getCipher().name ?? "",
      alpn: secure?.alpnProtocol || "none",
    };
    if (facts.alpn === "h2") return await askHttp2(socket);
    const lines = ["GET / HTTP/1.1", "Host: agent", "Connection: close", ...headers, "", ""];
    socket.write(lines.join("\r\n"));
    const answer = await text(socket);
    const status = /^HTTP\/1\.\d (\d+)/.exec(answer)?.[1];
    if (status === undefined) return "refused";
    const more = details?.({ ...facts, answer }) ?? "";
    return [status, more].filter((part) => part !== "").join(", ");
  } catch {
    return "refused";
  } finally {
    socket.destroy();
  }
}

async function askHttp2(socket: Socket): Promise<string> {
  const session = connectHttp2("https://agent", { createConnection: () => socket });
  // The stream reports the error too.
  session.on("error", () => {});
  try {
    const stream = session.request({ ":path": "/" });
    let status: number | undefined;
    stream.on("response", (headers) => {
      status = headers[":status"];
    });
    const ended = once(stream, "close");
    stream.resume();
    await ended;
    return status === undefined ? "refused" : `${status}, h2`;
  } finally {
    session.destroy();
  }
}
