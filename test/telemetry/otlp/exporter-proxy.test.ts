import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { until } from "../../support/core/until.ts";
import { answer, FaultServer } from "../../support/http/fault-server.ts";
import { LoopbackProxy } from "../../support/http/loopback-proxy.ts";
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

  test.for([403, 407])("a proxy that answers %i fails the push", async (status) => {
    proxy.refusal = status;
    const failure = await failureOf(pushOnce(exporter(1000)));
    expect(failure).toMatch(/^denied: /);
    expect(failure).toContain(String(status));
    expect(failure).not.toContain("CANARY");
    expect(server.requests).toEqual([]);
  });

  test("a proxy that never answers is given up at the time limit", async () => {
    proxy.refusal = 0;
    const clock = new FakeClock();
    const pushed = failureOf(pushOnce(exporter(10_000, { clock })));
    await until("a request", () => proxy.asked.length > 0);
    await clock.advance(10_000);
    expect(await pushed).toMatch(/timeout: .* not accepted within 10 s$/);
    await until("the end of the connection", () => proxy.open === 0);
  });

  test("a proxy that refuses the connection is named", async () => {
    const { where } = proxy;
    await proxy.stop();
    expect(await failureOf(pushOnce(exporter(300)))).toMatch(
      new RegExp(`unreachable: repo\\.example:4318 through the proxy ${where} refuses`),
    );
  });

  test("a proxy of another kind is an error of the settings", async () => {
    vi.stubEnv(variable, "socks5://user:CANARY@127.0.0.1:1");
    expect(await failureOf(pushOnce(exporter()))).toBe(
      `config: ${variable} is not an address like http://host:3128`,
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
