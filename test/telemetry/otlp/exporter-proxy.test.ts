import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";

import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { listeningPort } from "../../support/core/listening-port.ts";
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
    ["denied", 407, "the server answers 407"],
    ["unreachable", 500, "the server answers 500"],
  ] as const)("the message is %s for a proxy that answers %i", async ([code, status, text]) => {
    proxy.refusal = status;
    expect(await failureOf(pushOnce(exporter(1000)))).toBe(
      scheme === "https"
        ? `${code}: the proxy ${proxy.where} refused to connect to repo.example:4318 (${status})`
        : `${code}: http://repo.example:4318/v1/metrics through the proxy ${proxy.where}: ${text}`,
    );
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

  test.for([
    [
      "socks5",
      `${variable} names a SOCKS proxy, which OTLP cannot use: add repo.example to NO_PROXY`,
    ],
    ["ftp", `${variable} is not an address like http://host:3128 or socks5://host:1080`],
  ] as const)("an %s proxy is an error of the settings", async ([kind, message]) => {
    vi.stubEnv(variable, `${kind}://user:CANARY@127.0.0.1:1`);
    expect(await failureOf(pushOnce(exporter()))).toBe(`config: ${message}`);
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

const PROGRAM = `
import { registerHooks } from "node:module";
const loaded = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
const { exporterTo, pushOnce } = await import("./test/support/otlp/exporter-push.ts");
await pushOnce(exporterTo("http://0.0.0.0:1/v1/metrics", { timeoutMs: 100 })).catch(() => {});
console.log(loaded.some((url) => url.includes("/node_modules/http-proxy-agent/")));`;

test.for([
  [{}, "false"],
  [{ HTTP_PROXY: "http://127.0.0.1:1" }, "true"],
] as const)("with the environment %j a proxy agent is loaded: %s", async ([env, isLoaded]) => {
  await start("http");
  const args = ["--conditions=source", "--input-type=module", "--eval", PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: join(import.meta.dirname, "../../.."),
    env,
  });
  expect(stdout).toBe(`${isLoaded}\n`);
});
