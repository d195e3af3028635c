import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";

import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";

import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { listeningPort } from "../../support/core/listening-port.ts";
import { until } from "../../support/core/until.ts";
import { answer, FaultServer } from "../../support/http/fault-server.ts";
import { LoopbackProxy } from "../../support/http/loopback-proxy.ts";
import { SocksServer } from "../../support/http/socks-server.ts";
import { exporterTo, pushOnce } from "../../support/otlp/exporter-push.ts";
import type { OtlpExporter } from "../../../src/telemetry/otlp/exporter.ts";
import type { OtlpExporterOptions } from "../../../src/telemetry/otlp/exporter.ts";

const FOLDER = join(import.meta.dirname, "../../fixtures/tls");
const TLS = { ca: join(FOLDER, "ca.pem"), cert: undefined, key: undefined };
const VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

let proxy: LoopbackProxy;
let server: FaultServer;

afterEach(async () => {
  vi.unstubAllEnvs();
  await proxy.stop();
  await server.stop();
});

async function start(scheme: string): Promise<void> {
  for (const name of VARIABLES) {
    vi.stubEnv(name, "");
    vi.stubEnv(name.toLowerCase(), "");
  }
  const pem = await readFile(join(FOLDER, "server.pem"), "utf8");
  server = await FaultServer.start(scheme === "https" ? { tls: { pem } } : {});
  server.answers(answer("{}", "application/json"));
  proxy = await LoopbackProxy.start(() => server.port);
}

describe.for(["http", "https"] as const)("%s through a proxy", (scheme) => {
  const variable = scheme === "https" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const asked =
    scheme === "https"
      ? "CONNECT repo.example:4318"
      : "POST http://repo.example:4318/v1/metrics?a=b";

  beforeEach(async () => {
    await start(scheme);
    vi.stubEnv(variable, `http://${proxy.where}`);
  });

  function exporter(
    timeoutMs = 10_000,
    options: Partial<OtlpExporterOptions> = {},
    url = `${scheme}://repo.example:4318/v1/metrics?a=b`,
  ): OtlpExporter {
    return exporterTo(url, { timeoutMs, tls: TLS }, options);
  }

  test("a push arrives", async () => {
    const pushing = exporter();
    await pushOnce(pushing);
    await pushOnce(pushing);
    expect(new Set(proxy.asked)).toEqual(new Set([asked]));
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /v1/metrics?a=b",
      "POST /v1/metrics?a=b",
    ]);
    expect(server.requests[0]?.headers).toMatchObject({
      host: "repo.example:4318",
      "x-token": "CANARY",
      "content-encoding": "gzip",
    });
  });

  test("a proxy that is itself asked by TLS", async () => {
    const pem = await readFile(join(FOLDER, "server.pem"), "utf8");
    const [, port] = proxy.where.split(":");
    const front = createServer({ cert: pem, key: pem }, (socket) => {
      const onward = connect(Number(port), "127.0.0.1");
      // Both ends may be closed while the other one still sends.
      for (const one of [socket, onward]) one.on("error", () => one.destroy());
      socket.pipe(onward).pipe(socket);
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void front.close());
    await once(front, "listening");
    vi.stubEnv(variable, `https://localhost:${listeningPort(front)}`);
    await pushOnce(exporter());
    expect(proxy.asked).toEqual([asked]);
    expect(server.requests).toHaveLength(1);
  });

  test("the login of the proxy goes to the proxy", async () => {
    vi.stubEnv(variable, `http://us%40er:p%3Ass@${proxy.where}`);
    await pushOnce(exporter());
    expect(proxy.logins).toEqual([`Basic ${Buffer.from("us@er:p:ss").toString("base64")}`]);
    if (scheme === "https")
      expect(server.requests[0]?.headers).not.toHaveProperty("proxy-authorization");
  });

  test("NO_PROXY and loopback are asked directly", async () => {
    vi.stubEnv("NO_PROXY", "0.0.0.0");
    // Linux connects 0.0.0.0 to loopback; the certificate has another name.
    const direct = `${scheme}://${scheme === "https" ? "127.0.0.1" : "0.0.0.0"}:${server.port}/`;
    await pushOnce(exporter(1000, {}, direct));
    expect(proxy.asked).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  test.for([
    ["denied", 403, "access denied (403)"],
    ["denied", 407, undefined],
    ["unreachable", 500, "the server answers 500"],
  ] as const)("the message is %s for a proxy that answers %i", async ([code, status, text]) => {
    proxy.refusal = status;
    const through = `through the proxy ${proxy.where}`;
    // Without a tunnel every status but 407 may be the receiver's own.
    expect(await failureOf(pushOnce(exporter(1000)))).toMatch(
      scheme === "https" || text === undefined
        ? `${code}: the proxy refused to connect to repo.example:4318 ${through} (${status})`
        : `${code}: http://repo.example:4318/v1/metrics ${through}: ${text}`,
    );
    expect(server.requests).toEqual([]);
  });

  test("a proxy that never answers is given up at the time limit", async () => {
    proxy.refusal = 0;
    const clock = new FakeClock();
    const pushed = failureOf(pushOnce(exporter(1000, { clock })));
    await until("a request", () => proxy.asked.length > 0);
    await clock.advance(1000);
    expect(await pushed).toMatch(/timeout: .* not accepted within 1 s$/);
    await until("the end of the connection", () => proxy.open === 0);
  });

  test("a proxy that refuses the connection is named", async () => {
    const { where } = proxy;
    await proxy.stop();
    expect(await failureOf(pushOnce(exporter(300)))).toMatch(
      new RegExp(`unreachable: repo\\.example:4318 through the proxy ${where} refuses`),
    );
  });

  test("a SOCKS5 proxy resolves the name of the receiver, and gets its login", async () => {
    const socks = await SocksServer.start(() => server.port);
    onTestFinished(() => socks.stop());
    socks.login = "us@er:CANARY";
    vi.stubEnv(variable, `socks5://us%40er:CANARY@${socks.where}`);
    const pushing = exporter(1000);
    await pushOnce(pushing);
    expect(socks.asked).toEqual(["repo.example:4318"]);
    expect(socks.logins).toEqual(["us@er:CANARY"]);
    expect(server.requests.map(({ url, headers: { host } }) => `${host}${url}`)).toEqual([
      "repo.example:4318/v1/metrics?a=b",
    ]);
    socks.login = "another";
    expect(await failureOf(pushOnce(exporter(1000)))).toBe(
      `denied: the proxy refused to connect to repo.example:4318 through the proxy ${socks.where} (Authentication failed)`,
    );
  });

  test("a proxy of another kind is an error of the settings", async () => {
    vi.stubEnv(variable, "ftp://user:CANARY@127.0.0.1:1");
    expect(await failureOf(pushOnce(exporter()))).toBe(
      `config: ${variable} is not an address like http://host:3128 or socks5://host:1080`,
    );
  });
});

test("the proxy of the other scheme is not used", async () => {
  await start("http");
  vi.stubEnv("HTTPS_PROXY", `http://${proxy.where}`);
  await pushOnce(exporterTo(`http://0.0.0.0:${server.port}/v1/metrics`));
  expect(proxy.asked).toEqual([]);
  vi.stubEnv("HTTP_PROXY", `http://${proxy.where}`);
  await pushOnce(exporterTo(`http://0.0.0.0:${server.port}/v1/metrics`));
  expect(proxy.asked).toHaveLength(1);
});
