import { spawn } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { httpClient } from "../../instrumentation/http/client.ts";
import type { HttpResponse, Send } from "../../instrumentation/http/client.ts";
import { failureOf } from "../support/core/failure.ts";
import { answer, close, FaultServer, hang, reset } from "../support/http/fault-server.ts";
import { listeningPort } from "../support/core/listening-port.ts";
import { until } from "../support/core/until.ts";

let server: FaultServer;
let send: Send;

beforeEach(async () => {
  server = await FaultServer.start();
  send = httpClient({ connections: 1, proxyEnvironment: {} });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await server.stop();
});

function ask(
  method: "GET" | "POST" = "GET",
  signal = new AbortController().signal,
): Promise<HttpResponse> {
  const body = method === "POST" ? Buffer.from("{}") : undefined;
  return send({ method, url: new URL(server.url), headers: {}, body, maxBytes: 100 }, signal);
}

const connections = (): number => new Set(server.requests.map(({ socket }) => socket)).size;

test("a connection is reused", async () => {
  server.answers(answer("a"));
  await ask();
  await ask("POST");
  expect(connections()).toBe(1);
});

describe("a server that closes a kept connection when the next request arrives", () => {
  test.for([
    ["with a FIN", close("before headers")],
    ["with a reset", reset("before headers")],
  ] as const)("%s gets the request again, on another connection", async ([, fault]) => {
    server.answers(answer("a"), fault, answer("b"));
    await ask();
    expect((await ask()).body.toString()).toBe("b");
    expect(server.requests).toHaveLength(3);
    expect(connections()).toBe(2);
  });

  test("twice gets no third request", async () => {
    server.answers(answer("a"), reset("before headers"));
    await ask();
    expect(await failureOf(ask())).toMatch(/^transient unreachable: .* closed the connection$/);
    expect(server.requests).toHaveLength(3);
  });

  test("and then the connection of another request: no third request", async () => {
    server.answers(answer("a"), reset("before headers"), answer("b"), reset("before headers"));
    await ask();
    const [second, third] = await Promise.allSettled([ask(), ask()]);
    expect(second.status).toBe("rejected");
    expect(third.status).toBe("fulfilled");
    expect(server.requests).toHaveLength(4);
  });

  test.for([
    ["with a body", Buffer.from("{}"), "2"],
    ["without a body", undefined, "0"],
  ] as const)("gets a POST only once, %s", async ([, body, length]) => {
    server.answers(answer("a"), reset("before headers"), answer("b"));
    await ask();
    const post = {
      method: "POST",
      url: new URL(server.url),
      headers: {},
      body,
      maxBytes: 1,
    } as const;
    const sent = send(post, new AbortController().signal);
    expect(await failureOf(sent)).toMatch(/closed the connection$/);
    expect(server.requests.map(({ headers }) => headers["content-length"])).toEqual([
      undefined,
      length,
    ]);
  });

  test("in the middle of a response gets no second request", async () => {
    server.answers(answer("a"), reset("mid body"), answer("b"));
    await ask();
    expect(await failureOf(ask())).toMatch(/closed the connection$/);
    expect((await ask()).body.toString()).toBe("b");
  });

  test("is silent: no second request", async () => {
    send = httpClient({ connections: 1, proxyEnvironment: {}, requestTimeoutMs: 200 });
    server.answers(answer("a"), hang("before headers"));
    await ask();
    expect(await failureOf(ask())).toMatch(/^transient timeout: .* sent nothing for 0.2 s$/);
    expect(server.requests).toHaveLength(2);
  });
});

test("a connection that was idle for 4 s is not reused", async () => {
  server.answers(answer("a"));
  await ask();
  // undici notes the time when the turn of the response is over.
  await setImmediate();
  const later = performance.now() + 4001;
  vi.spyOn(performance, "now").mockReturnValue(later);
  await ask();
  expect(connections()).toBe(2);
});

describe("requests that wait for a connection", () => {
  const failed = new Error("the caller gave up");

  test("are sent when the request before them fails", async () => {
    server.answers(reset("before headers"), answer("b"));
    const [first, second] = await Promise.allSettled([ask(), ask()]);
    expect(first.status).toBe("rejected");
    expect(second.status === "fulfilled" && second.value.body.toString()).toBe("b");
  });

  test("end with their signal, and are not sent", async () => {
    send = httpClient({ connections: 1, proxyEnvironment: {}, requestTimeoutMs: 600_000 });
    server.answers(hang("before headers"), answer("b"));
    const [stuck, early, waiting] = Array.from({ length: 3 }, () => new AbortController());
    const first = ask("GET", stuck?.signal);
    const second = ask("GET", early?.signal);
    const third = ask("GET", waiting?.signal);
    const fourth = ask();
    early?.abort(failed);
    await expect(second).rejects.toBe(failed);
    await until("the first request", () => server.requests.length === 1);
    waiting?.abort(failed);
    await expect(third).rejects.toBe(failed);
    stuck?.abort(failed);
    await expect(first).rejects.toBe(failed);
    expect((await fourth).body.toString()).toBe("b");
    expect(server.requests).toHaveLength(2);
  });

  test("end together with one signal, which keeps no listener of them", async () => {
    server.answers(hang("before headers"));
    const all = new AbortController();
    const outcomes = Array.from({ length: 5 }, () => ask("GET", all.signal));
    await until("the first request", () => server.requests.length === 1);
    all.abort(failed);
    for (const outcome of await Promise.allSettled(outcomes))
      expect(outcome).toEqual({ status: "rejected", reason: failed });
    expect(getEventListeners(all.signal, "abort")).toHaveLength(0);
  });
});

test("a header value with a line break is not sent and not shown", async () => {
  const request = { url: new URL(server.url), headers: { "x-a": "secret\r\nx-b: 1" }, maxBytes: 1 };
  expect(await failureOf(send(request, new AbortController().signal))).toBe(
    `config: the request to 127.0.0.1:${server.port} cannot be sent: invalid x-a header`,
  );
  expect(server.requests).toEqual([]);
});

test("an idle connection does not keep the process alive", async () => {
  // node:http would close the connection after 5 s.
  const patient = createServer((socket) =>
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")),
  ).listen(0, "127.0.0.1");
  await once(patient, "listening");
  const script = `
    import { httpClient } from "./instrumentation/http/client.ts";
    const send = httpClient({ connections: 1, proxyEnvironment: {}, requestTimeoutMs: 600_000 });
    await send({ url: new URL(process.argv[1]), headers: {}, maxBytes: 1 }, new AbortController().signal);
  `;
  const url = `http://127.0.0.1:${listeningPort(patient)}`;
  const args = ["--conditions=source", "--input-type=module", "--eval", script, url];
  const options = { cwd: join(import.meta.dirname, "../.."), timeout: 60_000 };
  expect((await once(spawn(process.execPath, args, options), "exit"))[0]).toBe(0);
  patient.close();
});
