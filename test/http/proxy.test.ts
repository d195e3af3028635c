import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import { httpClient } from "../../instrumentation/http/client.ts";
import type { HttpResponse } from "../../instrumentation/http/client.ts";
import type { HttpOptions } from "../../instrumentation/http/options.ts";
import { proxyFor } from "../../instrumentation/http/proxy.ts";
import { failureOf } from "../support/core/failure.ts";
import { FaultServer, answer, close, hang, reset } from "../support/http/fault-server.ts";
import { LoopbackProxy } from "../support/http/loopback-proxy.ts";

describe("the choice of a proxy", () => {
  const environment = { HTTP_PROXY: "http://plain:1", HTTPS_PROXY: "http://sealed:2" };

  test.for([
    ["http://repo.example/a", environment, "http://plain:1"],
    ["https://repo.example/a", environment, "http://sealed:2"],
    ["https://repo.example/a", { HTTP_PROXY: "http://plain:1" }, undefined],
    ["http://repo.example/", { http_proxy: "http://lower:1" }, "http://lower:1"],
    ["https://repo.example/", { https_proxy: "http://lower:1" }, "http://lower:1"],
    [
      "http://repo.example/",
      { HTTP_PROXY: "http://upper:1", http_proxy: "http://lower:1" },
      "http://upper:1",
    ],
    ["http://repo.example/", { HTTP_PROXY: "", http_proxy: "http://lower:1" }, "http://lower:1"],
    ["http://repo.example/", { ALL_PROXY: "http://all:1" }, undefined],
    ["http://repo.example/", { HTTP_PROXY: "plain:1" }, "http://plain:1"],
    ["http://repo.example/", {}, undefined],
    ["https://repo.example/", { HTTPS_PROXY: "socks5://u:p@host:1" }, "socks5://u:p@host:1"],
    ["https://repo.example/", { HTTPS_PROXY: "socks5h://host" }, "socks5h://host"],
  ] as const)("%s in %j is %s", ([url, variables, proxy]) => {
    expect(proxyFor(new URL(url), variables)?.href.replace(/\/$/, "")).toBe(proxy);
  });

  test.for(["http://user:secret@:x", "socks4://user:secret@host:1", "http://", "socks5://"])(
    "%s is rejected and not shown",
    (HTTP_PROXY) => {
      expect(() => proxyFor(new URL("http://repo.example/"), { HTTP_PROXY })).toThrow(
        new AgentError(
          "config",
          "HTTP_PROXY is not an address like http://host:3128 or socks5://host:1080",
        ),
      );
    },
  );

  test("a login that cannot be decoded is rejected and not shown", () => {
    const HTTP_PROXY = "http://user:50%secret@host:1";
    expect(() => proxyFor(new URL("http://repo.example/"), { HTTP_PROXY })).toThrow(
      new AgentError("config", "HTTP_PROXY: a % in the login must be written %25"),
    );
  });

  test.for([
    "http://localhost/",
    "http://localhost:8000/",
    "http://127.0.0.1/",
    "http://127.9.9.9/",
    "https://[::1]:8000/",
  ])("%s is never reached through a proxy", (url) => {
    expect(proxyFor(new URL(url), environment)).toBeUndefined();
  });

  /** As in golang.org/x/net/http/httpproxy. */
  test.for([
    ["repo.example", "http://repo.example/", true],
    ["repo.example", "http://deep.repo.example/", true],
    ["repo.example", "http://notrepo.example/", false],
    [".repo.example", "http://deep.repo.example/", true],
    [".repo.example", "http://repo.example/", false],
    ["*.repo.example", "http://deep.repo.example/", true],
    ["*.repo.example", "http://repo.example/", false],
    ["REPO.Example", "http://repo.example/", true],
    ["a, repo.example ,b", "http://repo.example/", true],
    [",,", "http://repo.example/", false],
    ["*", "http://repo.example/", true],
    ["repo.example:80", "http://repo.example/", true],
    ["repo.example:80", "http://repo.example:8000/", false],
    ["repo.example:443", "https://repo.example/", true],
    ["repo.example:8000", "http://repo.example:8000/", true],
    ["10.0.0.1", "http://10.0.0.1/", true],
    ["10.0.0.1", "http://10.0.0.11/", false],
    ["10.0.0.1:8000", "http://10.0.0.1:8000/", true],
    ["10.0.0.1:8000", "http://10.0.0.1/", false],
    ["10.0.0.0/8", "http://10.200.0.1/", true],
    ["10.0.0.0/8", "http://11.0.0.1/", false],
    ["10.0.0.0/8", "http://repo.example/", false],
    ["10.0.0.0/99", "http://10.0.0.0/", false],
    ["10.0.0.0/x", "http://10.0.0.0/", false],
    ["fd00::1", "http://[fd00::1]/", true],
    ["FD00:0::1", "http://[fd00::1]/", true],
    ["[fd00::1]:8000", "http://[fd00::1]:8000/", true],
    ["[fd00::1]:8000", "http://[fd00::1]/", false],
    ["fd00::/8", "http://[fd12::1]/", true],
    ["fd00::/8", "http://[fe80::1]/", false],
  ] as const)("NO_PROXY=%s, %s: exempt %s", ([NO_PROXY, url, exempt]) => {
    expect(proxyFor(new URL(url), { ...environment, NO_PROXY }) === undefined).toBe(exempt);
    expect(proxyFor(new URL(url), { ...environment, no_proxy: NO_PROXY }) === undefined).toBe(
      exempt,
    );
  });
});

describe.for(["http", "https"] as const)("%s through a proxy", (scheme) => {
  const url = new URL(`${scheme}://repo.example/a/config?b`);
  const asked =
    scheme === "http" ? "GET http://repo.example/a/config?b" : "CONNECT repo.example:443";
  let ca: string;
  let server: FaultServer;
  let proxy: LoopbackProxy;

  beforeEach(async () => {
    const folder = join(import.meta.dirname, "../fixtures/tls");
    ca = await readFile(join(folder, "ca.pem"), "utf8");
    const pem = await readFile(join(folder, "server.pem"), "utf8");
    server = await FaultServer.start(scheme === "https" ? { tls: { pem } } : {});
    server.answers(answer("found"));
    proxy = await LoopbackProxy.start(() => server.port);
  });

  afterEach(async () => {
    await proxy.stop();
    await server.stop();
  });

  function get(
    options: Partial<HttpOptions> = {},
    address = `http://${proxy.where}`,
    to = url,
  ): Promise<HttpResponse> {
    const proxyEnvironment = { HTTP_PROXY: address, HTTPS_PROXY: address };
    const send = httpClient({ connections: 5, ca, proxyEnvironment, ...options });
    const headers = { authorization: "Basic dTpw" };
    return send({ url: to, headers, maxBytes: 100 }, new AbortController().signal);
  }

  test("gets the response of the server", async () => {
    expect((await get()).body.toString()).toBe("found");
    expect(proxy.asked).toEqual([asked]);
    expect(proxy.logins).toEqual([undefined]);
    const [request] = server.requests;
    expect(request?.url).toBe("/a/config?b");
    expect(request?.headers).toMatchObject({ host: "repo.example", authorization: "Basic dTpw" });
  });

  test("sends the proxy's login to the proxy and not to the server", async () => {
    await get({}, `http://us%40er:p%3Ass@${proxy.where}`);
    expect(proxy.logins).toEqual([`Basic ${Buffer.from("us@er:p:ss").toString("base64")}`]);
    if (scheme === "https")
      expect(server.requests[0]?.headers).not.toHaveProperty("proxy-authorization");
  });

  const way = (): string => `repo.example through the proxy ${proxy.where}`;

  test.for([
    [400, "other"],
    [403, "denied"],
    [407, "denied"],
    [502, "transient unreachable"],
  ] as const)("that answers %i", async ([status, code]) => {
    proxy.refusal = status;
    // Without a tunnel every status but 407 may be the server's own.
    const refused =
      scheme === "https" || status === 407
        ? `${code}: the proxy refused to connect to ${way()} (${status})`
        : status;
    expect(
      await get().then(
        (response) => response.status,
        (error: unknown) => failureOf(Promise.reject(error)),
      ),
    ).toBe(refused);
    expect(server.requests).toEqual([]);
  });

  test("that does not listen: unreachable", async () => {
    const gone = await FaultServer.start();
    const address = gone.url;
    await gone.stop();
    expect(await failureOf(get({}, address.replace("//", "//user:secret@")))).toBe(
      `transient unreachable: repo.example through the proxy ${new URL(address).host} refuses the connection`,
    );
  });

  test("that is silent: a time-out", async () => {
    proxy.refusal = 0;
    expect(await failureOf(get({ requestTimeoutMs: 200, idleMs: 200 }))).toBe(
      `transient timeout: ${way()} sent nothing for 0.2 s`,
    );
  });

  test.for(["before headers", "mid body"] as const)(
    "with a server that is silent %s: a time-out",
    async (phase) => {
      server.answers(hang(phase));
      expect(await failureOf(get({ requestTimeoutMs: 200, idleMs: 200 }))).toBe(
        `transient timeout: ${way()} sent nothing for 0.2 s`,
      );
    },
  );

  test.for(["before headers", "mid body"] as const)(
    "with a server that closes the connection %s: unreachable",
    async (phase) => {
      server.answers(scheme === "http" ? reset(phase) : close(phase));
      expect(await failureOf(get())).toBe(`transient unreachable: ${way()} closed the connection`);
    },
  );

  test("keeps to the limit of connections", async () => {
    const address = `http://${proxy.where}`;
    const proxyEnvironment = { HTTP_PROXY: address, HTTPS_PROXY: address };
    const send = httpClient({ connections: 3, ca, proxyEnvironment });
    const request = { url, headers: {}, maxBytes: 100 };
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 20 }, () => send(request, signal)));
    expect(server.requests).toHaveLength(20);
    expect(proxy.connections).toBe(3);
  });

  test("checks the certificate for the name of the server, not of the proxy", async () => {
    const outcome = get({}, undefined, new URL(`${scheme}://elsewhere.example/`)).then(
      ({ body }) => body.toString(),
      (error: unknown) => failureOf(Promise.reject(error)),
    );
    expect(await outcome).toMatch(
      scheme === "http"
        ? "found"
        : /^unreachable: TLS with elsewhere\.example through .* failed: .*elsewhere\.example\. is not in the cert's altnames.*\(ERR_TLS_CERT_ALTNAME_INVALID\)$/,
    );
  });
});
