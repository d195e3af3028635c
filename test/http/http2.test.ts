import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createSecureServer } from "node:http2";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { join } from "node:path";

import { expect, test } from "vitest";

import { httpClient } from "../../instrumentation/http/client.ts";
import { listeningPort } from "../support/core/listening-port.ts";
import { LoopbackProxy } from "../support/http/loopback-proxy.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/tls");

test.for(["directly", "through a proxy"] as const)(
  "a server that offers HTTP/2 is asked with HTTP/1.1, %s",
  async (route) => {
    const pem = await readFile(join(FOLDER, "server.pem"), "utf8");
    const ca = await readFile(join(FOLDER, "ca.pem"), "utf8");
    const server = createSecureServer({ key: pem, cert: pem, allowHTTP1: true });
    const versions: string[] = [];
    server.on("request", (request: Http2ServerRequest, response: Http2ServerResponse) => {
      versions.push(request.httpVersion);
      response.end("found");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy = await LoopbackProxy.start(() => listeningPort(server));
    const [url, proxyEnvironment] =
      route === "directly"
        ? [`https://127.0.0.1:${listeningPort(server)}`, {}]
        : ["https://repo.example", { HTTPS_PROXY: `http://${proxy.where}` }];
    const send = httpClient({ connections: 1, proxyEnvironment, ca });
    const request = { url: new URL(url), headers: {}, maxBytes: 100 };
    const { body } = await send(request, new AbortController().signal);
    expect(body.toString()).toBe("found");
    expect(versions).toEqual(["1.1"]);
    await proxy.stop();
    server.close();
  },
);
