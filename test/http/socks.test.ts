import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { httpClient } from "../../instrumentation/http/client.ts";
import type { HttpResponse } from "../../instrumentation/http/client.ts";
import type { HttpOptions } from "../../instrumentation/http/options.ts";
import { failureOf } from "../support/core/failure.ts";
import { FaultServer, answer, close, hang } from "../support/http/fault-server.ts";
import { SocksServer } from "../support/http/socks-server.ts";

const TLS = join(import.meta.dirname, "../fixtures/tls");

describe.for(["http", "https"] as const)("%s through a SOCKS5 proxy", (scheme) => {
  const url = new URL(`${scheme}://repo.example/a/config?b`);
  const place = `repo.example:${scheme === "http" ? 80 : 443}`;
  let ca: string;
  let server: FaultServer;
  let proxy: SocksServer;

  beforeEach(async () => {
    ca = await readFile(join(TLS, "ca.pem"), "utf8");
    const pem = await readFile(join(TLS, "server.pem"), "utf8");
    server = await FaultServer.start(scheme === "https" ? { tls: { pem } } : {});
    server.answers(answer("found"));
    proxy = await SocksServer.start(() => server.port);
  });

  afterEach(async () => {
    await proxy.stop();
    await server.stop();
  });

  function client(
    address: string,
    options: Partial<HttpOptions> = {},
  ): () => Promise<HttpResponse> {
    const proxyEnvironment = { HTTP_PROXY: address, HTTPS_PROXY: address };
    const send = httpClient({ connections: 1, ca, proxyEnvironment, ...options });
    return () => send({ url, headers: {}, maxBytes: 100 }, new AbortController().signal);
  }

  const way = (): string => `repo.example through the proxy ${proxy.where}`;

  test.for(["socks5", "socks5h"])("gets the response of the server by %s://", async (kind) => {
    const get = client(`${kind}://${proxy.where}`);
    const bodies = [await get(), await get()].map(({ body }) => body.toString());
    expect(bodies).toEqual(["found", "found"]);
    // The proxy resolves the name, and a connection is kept.
    expect(proxy.asked).toEqual([place]);
    expect(server.requests[0]).toMatchObject({ url: "/a/config?b" });
    expect(server.requests[0]?.headers.host).toBe("repo.example");
  });

  test("sends a login, which no message repeats", async () => {
    proxy.login = "us@er:p:ss";
    await client(`socks5://us%40er:p%3Ass@${proxy.where}`)();
    expect(proxy.logins).toEqual(["us@er:p:ss"]);
    expect(await failureOf(client(`socks5://us%40er:SECRET@${proxy.where}`)())).toBe(
      `denied: the proxy refused to connect to ${way()} (Authentication failed)`,
    );
    expect(await failureOf(client(`socks5://${proxy.where}`)())).toBe(
      `denied: the proxy refused to connect to ${way()} (No acceptable authentication method)`,
    );
  });

  test.for([
    [1, "transient unreachable", "General SOCKS server failure"],
    [2, "denied", "Connection not allowed by ruleset"],
    [4, "transient unreachable", "Host unreachable"],
    [5, "transient unreachable", "Connection refused"],
    [7, "other", "Command not supported"],
  ] as const)("that replies %i: %s", async ([reply, code, words]) => {
    proxy.refusal = reply;
    expect(await failureOf(client(`socks5://${proxy.where}`)())).toBe(
      `${code}: the proxy refused to connect to ${way()} (SOCKS5 connection failed: ${words})`,
    );
  });

  test("that does not answer: a time-out", async () => {
    proxy.refusal = -1;
    expect(await failureOf(client(`socks5://${proxy.where}`, { requestTimeoutMs: 200 })())).toBe(
      `transient timeout: ${way()} sent nothing for 0.2 s`,
    );
  });

  test("that does not listen: unreachable", async () => {
    const { where } = proxy;
    await proxy.stop();
    expect(await failureOf(client(`socks5://${where}`)())).toBe(
      `transient unreachable: repo.example through the proxy ${where} refuses the connection`,
    );
  });

  test("that is an HTTP server: no SOCKS", async () => {
    const other = await FaultServer.start();
    const where = `127.0.0.1:${other.port}`;
    expect(await failureOf(client(`socks5://${where}`)())).toMatch(
      /^(other: .* \(Invalid SOCKS version: 72\)|transient unreachable: .*)$/,
    );
    await other.stop();
  });

  test("with a server that is silent or closes the connection", async () => {
    server.answers(hang("before headers"), close("mid body"));
    const get = client(`socks5://${proxy.where}`, { requestTimeoutMs: 1000 });
    expect(await failureOf(get())).toBe(`transient timeout: ${way()} sent nothing for 1 s`);
    expect(await failureOf(get())).toMatch(/^transient unreachable: .* closed the connection$/);
  });

  test("checks the certificate of the server", async () => {
    const wrong = await readFile(join(TLS, "other-ca.pem"), "utf8");
    const result = client(`socks5://${proxy.where}`, { ca: wrong })().then(
      ({ status }) => status,
      (error: unknown) => failureOf(Promise.reject(error)),
    );
    expect(await result).toEqual(
      scheme === "http"
        ? 200
        : expect.stringMatching(
            /^unreachable: TLS with repo\.example through the proxy \S+ failed: /,
          ),
    );
  });
});
