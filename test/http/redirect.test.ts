import { afterEach, beforeEach, expect, test } from "vitest";

import { httpClient } from "../../instrumentation/http/client.ts";
import type { HttpResponse } from "../../instrumentation/http/client.ts";
import { failureOf } from "../support/core/failure.ts";
import { FaultServer, answer, redirect } from "../support/http/fault-server.ts";

const headers = { authorization: "Basic dTpw" };

let server: FaultServer;
let other: FaultServer;
let where: string;

beforeEach(async () => {
  server = await FaultServer.start();
  other = await FaultServer.start();
  where = `127.0.0.1:${server.port}`;
});

afterEach(async () => {
  await server.stop();
  await other.stop();
});

function get(): Promise<HttpResponse> {
  const send = httpClient({ connections: 5, proxyEnvironment: {} });
  const request = { url: new URL(`${server.url}/a/b`), headers, maxBytes: 100 };
  return send(request, new AbortController().signal);
}

test.for([301, 302, 303, 307, 308])(
  "%i within the origin is followed, with the login",
  async (code) => {
    server.answers(redirect("../c?d", code), answer("there"));
    expect((await get()).body.toString()).toBe("there");
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET /a/b",
      "GET /c?d",
    ]);
    expect(server.requests.map((request) => request.headers.authorization)).toEqual([
      headers.authorization,
      headers.authorization,
    ]);
  },
);

test("five redirects are followed, a loop is not", async () => {
  server.answers(...Array(5).fill(redirect()), answer("at last"));
  expect((await get()).body.toString()).toBe("at last");
  server.requests.length = 0;
  server.answers(redirect());
  expect(await failureOf(get())).toBe(`other: ${where} redirects more than 5 times`);
  expect(server.requests).toHaveLength(6);
});

test("a 3xx status without Location is a response", async () => {
  server.answers((_request, response) => response.writeHead(304).end());
  expect((await get()).status).toBe(304);
});

test("a POST is not repeated", async () => {
  server.answers(redirect("/c", 307));
  const send = httpClient({ connections: 5, proxyEnvironment: {} });
  const url = new URL(server.url);
  const request = { method: "POST", url, headers, body: Buffer.from("x"), maxBytes: 100 } as const;
  expect((await send(request, new AbortController().signal)).status).toBe(307);
  expect(server.requests.map(({ method }) => method)).toEqual(["POST"]);
});

test("another server gets no request, even after a redirect within the origin", async () => {
  other.answers(answer("stolen"));
  server.answers(redirect("/c"), redirect(other.url));
  expect(await failureOf(get())).toBe(
    `other: ${where} redirects to 127.0.0.1:${other.port}: not followed, because the login would be sent there`,
  );
  expect(other.requests).toEqual([]);
});

test.for([
  [
    "another host name of the same server",
    (port: number) => [`http://localhost:${port}/`, `localhost:${port}`],
  ],
  ["another scheme", (port: number) => [`https://127.0.0.1:${port}/`, `127.0.0.1:${port}`]],
  ["another host, without a scheme", () => ["//elsewhere.example/a", "elsewhere.example"]],
  [
    "another host, with a login",
    () => ["http://u:secret@elsewhere.example/a", "elsewhere.example"],
  ],
  ["a file: URL", () => ["file:///etc/passwd", ""]],
  ["an invalid URL", () => ["http://[", "an invalid address"]],
] as const)("%s is another origin", async ([, target]) => {
  const [location = "", shown] = target(server.port);
  server.answers(redirect(location));
  expect(await failureOf(get())).toBe(
    `other: ${where} redirects to ${shown}: not followed, because the login would be sent there`,
  );
  expect(server.requests).toHaveLength(1);
});
