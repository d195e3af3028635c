import { gunzipSync } from "node:zlib";

import { expect, onTestFinished, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import { PrometheusEndpoint } from "../../src/telemetry/prometheus/endpoint.ts";
import { routes } from "../../src/web/routes.ts";
import { startServer } from "../../src/web/server.ts";
import { FakeClock } from "../support/core/clock.ts";
import { call } from "../support/core/http.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { SettableTables, hosts } from "../support/agent/settable-tables.ts";
import { PRODUCER } from "../support/agent/table-text.ts";
import { statusFor } from "../support/web/status.ts";

async function serve({ version = "1.2.3", prometheus = true, telemetryPath = "/metrics" } = {}) {
  const logger = new ArrayLogger();
  const clock = new FakeClock();
  const settable = new SettableTables();
  settable.set(hosts(1, 100));
  const { tables } = settable;
  const endpoint = new PrometheusEndpoint({ tables, producer: PRODUCER, targetInfo: false, clock });
  const state: { reason: string | undefined; failure: AgentError | undefined } = {
    reason: undefined,
    failure: undefined,
  };
  const server = await startServer({
    bind: { host: "127.0.0.1", port: 0 },
    routes: routes({
      version,
      prometheus,
      telemetryPath,
      render: () => (state.failure ? Promise.reject(state.failure) : endpoint.render()),
      notReady: () => state.reason,
      status: () => statusFor([], ["/srv/repo"]),
      logger,
    }),
    clock,
    logger,
  });
  onTestFinished(() => server.stop(0));
  const plain = Buffer.concat((await endpoint.render()).plain);
  return { ...server, logger, state, plain };
}

test("all other routes are served if metrics are disabled", async () => {
  const { address } = await serve({ prometheus: false });
  const { status, body } = await call(address, "/metrics");
  expect(status).toBe(404);
  expect(body.toString()).toContain("OTEL_METRICS_EXPORTER");
  for (const path of ["/", "/api/status", "/-/healthy", "/-/ready"])
    expect((await call(address, path)).status).toBe(200);
});

test("/metrics serves the exposition with its content type", async () => {
  const { address, plain } = await serve();
  const { status, headers, body } = await call(address, "/metrics?name=x");
  expect(status).toBe(200);
  expect(body.equals(plain)).toBe(true);
  const { date: _, connection: __, ...others } = headers;
  expect(others).toEqual({
    "cache-control": "no-store",
    "content-length": String(plain.length),
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "content-type": "text/plain; version=0.0.4; charset=utf-8",
    "referrer-policy": "no-referrer",
    vary: "accept-encoding",
    "x-content-type-options": "nosniff",
  });
});

test("/metrics is compressed if the client accepts gzip", async () => {
  const { address, plain } = await serve();
  const headers = { "accept-encoding": "gzip" };
  const reply = await call(address, "/metrics", { headers });
  expect(reply.headers["content-encoding"]).toBe("gzip");
  expect(reply.headers["content-length"]).toBe(String(reply.body.length));
  expect(gunzipSync(reply.body).equals(plain)).toBe(true);
});

test.for(["/metrics", "/", "/-/healthy", "/-/ready"])(
  "HEAD %s has the headers of GET and no body",
  async (path) => {
    const { address } = await serve();
    const get = await call(address, path);
    const head = await call(address, path, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect({ ...head.headers, date: "" }).toEqual({ ...get.headers, date: "" });
    expect([get.body.length > 0, head.body.length]).toEqual([true, 0]);
  },
);

test("/metrics responds with the reason until the agent is ready", async () => {
  const { address, state } = await serve();
  state.reason = "3 of 5 repositories were not read yet";
  for (const path of ["/metrics", "/-/ready"]) {
    const { status, headers, body } = await call(address, path);
    expect([status, headers["content-type"], body.toString()]).toEqual([
      503,
      "text/plain; charset=utf-8",
      "not ready: 3 of 5 repositories were not read yet\n",
    ]);
  }
  expect((await call(address, "/-/healthy")).status).toBe(200);
  state.reason = undefined;
  expect((await call(address, "/-/ready")).body.toString()).toBe("ready\n");
  expect((await call(address, "/metrics")).status).toBe(200);
});

test("a failure to render metrics causes the status 503, and is logged once until the next success", async () => {
  const { address, state, logger } = await serve();
  const failure = new AgentError("other", "metrics could not be collected: TypeError: x");
  for (const now of [failure, failure, undefined, failure]) {
    state.failure = now;
    for (const path of ["/metrics", "/-/ready"])
      expect((await call(address, path)).status).toBe(now ? 503 : 200);
  }
  expect((await call(address, "/metrics")).body.toString()).toBe(`not ready: ${failure.message}\n`);
  const line =
    'error metrics could not be rendered {"error":"metrics could not be collected: TypeError: x"}';
  expect(logger.texts).toEqual([line, line]);
});

test("the metrics are served at the telemetry path alone, and the home page links to it", async () => {
  const { address, plain } = await serve({ telemetryPath: "/restic/metrics" });
  const { status, body } = await call(address, "/restic/metrics");
  expect(status).toBe(200);
  expect(body.equals(plain)).toBe(true);
  expect((await call(address, "/metrics")).status).toBe(404);
  expect((await call(address, "/")).body.toString()).toContain(
    '<a href="restic/metrics">metrics</a>',
  );
});

test.for([
  "application/openmetrics-text; version=1.0.0",
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
  "text/html",
])("/metrics is text 0.0.4 for clients that accept %s", async (accept) => {
  const { address, plain } = await serve();
  const { status, headers, body } = await call(address, "/metrics", { headers: { accept } });
  expect([status, headers["content-type"]]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  expect(body.equals(plain)).toBe(true);
});

test("the home page links to all routes, and escapes the version", async () => {
  const { address } = await serve({ version: "<b>'1' & \"2\"" });
  const { headers, body } = await call(address, "/");
  const html = body.toString();
  expect(headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(html).toContain("restic-otel &#60;b&#62;&#39;1&#39; &#38; &#34;2&#34;");
  const links = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link = ""]) => link);
  const paths = links.filter((link) => !link.startsWith("data:") && !link.startsWith("?"));
  expect(paths.toSorted()).toEqual([
    "-/healthy",
    "-/ready",
    "api/status",
    "metrics",
    "status.css",
    "status.js",
  ]);
  for (const path of paths) expect((await call(address, `/${path}`)).status).toBe(200);
});
