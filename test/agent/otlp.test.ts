import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { startAgent } from "../support/agent/agent.ts";
import { main, NODE } from "../support/agent/installed.ts";
import { reply, startReceiver } from "../support/otlp/otlp-receiver.ts";
import type { Receiver, ReceiverAnswer } from "../support/otlp/otlp-receiver.ts";
import { startServer } from "../support/http/server.ts";
import type { Server } from "../support/http/server.ts";
import { until } from "../support/core/until.ts";

const ROOT = join(import.meta.dirname, "../..");
const WEB = { repo: join(ROOT, "examples/repositories/web"), password: "web-password" };

let receiver: Receiver;
const started: Server[] = [];

beforeEach(async () => {
  receiver = await startReceiver();
});

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});

async function launch(settings: object, env: Readonly<Record<string, string>> = {}) {
  const agent = await startAgent({ repositories: [WEB], ...settings }, { env });
  started.push(agent);
  return agent;
}

/** Starts an agent without a settings file and without an HTTP server. */
async function launchFromEnvironment(env: Readonly<Record<string, string>>): Promise<Server> {
  const agent = await startServer({
    command: NODE,
    args: [main()],
    announces: /(collection finished)/,
    url: () => "",
    env: {
      PATH: process.env["PATH"],
      RESTIC_REPOSITORY: WEB.repo,
      RESTIC_PASSWORD: WEB.password,
      RESTIC_OTEL_BIND: "none",
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: receiver.url,
      ...env,
    },
  });
  started.push(agent);
  return agent;
}

const endless: ReceiverAnswer = (response) => {
  response.writeHead(200, { "content-type": "application/json" });
  const more = (): void => {
    if (!response.destroyed) response.write(" ".repeat(2 ** 14), more);
  };
  more();
};

const FAILURES: readonly (readonly [string, ReceiverAnswer])[] = [
  ["400", reply(400, "bad")],
  ["500", reply(500, "")],
  ["503", reply(503, "")],
  ["429", reply(429, "", { "retry-after": "60" })],
  ["a redirect", reply(307, "", { location: "/" })],
  ["a partial success", reply(200, '{"partialSuccess": {"rejectedDataPoints": "7"}}')],
  ["HTML", reply(200, "<html>", { "content-type": "text/html" })],
  ["no answer", () => {}],
  ["a body that never ends", endless],
  ["a broken connection", (response) => response.socket?.destroy()],
];

test(
  "the agent survives every failure of a receiver, and logs each change of state once",
  { timeout: 300_000 },
  async () => {
    const agent = await launch({
      otlp: [{ endpoint: receiver.url, timeout: "3s" }],
      otlpInterval: "50ms",
    });
    const shown = async (name: string, result?: string): Promise<number | undefined> =>
      (await agent.scrape()).value(`restic_otel_otlp_${name}`, {
        endpoint: receiver.url,
        ...(result !== undefined && { result }),
      });
    const healthy = receiver.otherwise;
    await until("a push", () => receiver.received.length > 0);
    await agent.collect();
    for (const [what, failure] of FAILURES) {
      receiver.otherwise = failure;
      await until(`${what}: a failure`, async () => (await shown("up")) === 0);
      const failed = (await shown("exports_total", "failure")) ?? Number.NaN;
      const lastSuccess = await shown("last_success_timestamp_seconds");
      await until(`${what}: another one`, async () => {
        const now = await shown("exports_total", "failure");
        return now !== undefined && now > failed;
      });
      expect(await shown("last_success_timestamp_seconds")).toBe(lastSuccess);
      receiver.otherwise = healthy;
      await until(`${what}: a recovery`, async () => (await shown("up")) === 1);
      expect(receiver.received.at(-1)?.body.toString()).toContain("backup.days_age");
    }
    await agent.stop();
    const lines = agent.log().match(/msg="push (failed|works again)".*/g) ?? [];
    expect(lines).toEqual(
      FAILURES.flatMap(() => [
        expect.stringContaining("push failed"),
        expect.stringContaining("push works again"),
      ]),
    );
    expect(await agent.exit).toBe(0);
  },
);

test("a stop pushes the current values once more", async () => {
  const agent = await launch({ otlp: [{ endpoint: receiver.url }], otlpInterval: "1h" });
  await until("the first push", () => receiver.received.length === 1);
  await agent.stop();
  expect(await agent.exit).toBe(0);
  expect(receiver.received).toHaveLength(2);
  expect(receiver.received[1]?.body.toString()).toContain("backup.days_age");
});

test("a hanging receiver does not delay a stop for long", async () => {
  receiver.otherwise = () => {};
  const agent = await launch({ otlp: [{ endpoint: receiver.url, timeout: "10m" }] });
  await until("the first push", () => receiver.received.length === 1);
  const start = performance.now();
  agent.kill("SIGTERM");
  expect(await agent.exit).toBe(0);
  // 5 s, and time for a busy machine. The timeout of the push would be minutes.
  expect(performance.now() - start).toBeLessThan(30_000);
});

interface Sent {
  readonly resource: {
    readonly attributes: readonly { readonly key: string; readonly value: object }[];
  };
  readonly scopeMetrics: readonly { readonly scope: unknown }[];
}

/** The last JSON body. */
function lastSent(): Sent {
  const { resourceMetrics } = JSON.parse(receiver.received.at(-1)?.body.toString() ?? "");
  return resourceMetrics[0];
}

/** The resource attributes of the last JSON body. */
function resource(): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    lastSent().resource.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
  );
}

test("an agent that only pushes keeps running, and keeps its instance id after a restart", async () => {
  const seen: unknown[] = [];
  for (let run = 0; run < 2; run++) {
    const before = receiver.received.length;
    const agent = await launchFromEnvironment({ OTEL_METRIC_EXPORT_INTERVAL: "50" });
    await until("pushes", () => receiver.received.length > before + 3);
    seen.push(resource());
    await agent.stop();
    expect(await agent.exit).toBe(0);
    expect(agent.log()).not.toContain("msg=listening");
  }
  expect(seen[0]).toEqual({
    "service.name": "restic-otel",
    "service.version": expect.stringMatching(/^\d/),
    "service.instance.id": expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-/),
    "host.name": expect.any(String),
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.version": expect.stringMatching(/^\d/),
  });
  expect(seen[1]).toEqual(seen[0]);
  const scope = { name: "restic-otel", version: expect.stringMatching(/^\d/) };
  expect(lastSent().scopeMetrics.map((sent) => sent.scope)).toEqual([scope]);
});

test("attributes, headers and protocol come from the environment", async () => {
  await launchFromEnvironment({
    OTEL_SERVICE_NAME: "backups",
    OTEL_RESOURCE_ATTRIBUTES: "service.instance.id=mine,team=a%20b,service.name=other",
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: "x-token=a%2Cb",
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${receiver.url}?token=CANARY`,
  });
  await until("a push", () => receiver.received.length > 0);
  expect(resource()).toMatchObject({
    "service.name": "backups",
    "service.instance.id": "mine",
    team: "a b",
  });
  expect(receiver.received[0]).toMatchObject({
    path: "/v1/metrics?token=CANARY",
    headers: { "x-token": "a,b", "content-type": "application/json", "content-encoding": "gzip" },
  });
  expect(receiver.received[0]?.body.toString()).not.toContain("CANARY");
  await launchFromEnvironment({ OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" });
  await until("a push", () => receiver.received.length > 1);
  expect(receiver.received.at(-1)?.headers["content-type"]).toBe("application/x-protobuf");
});

test("OTEL_SDK_DISABLED disables metrics, but not the pages and the log", async () => {
  const settings = { otlp: [{ endpoint: receiver.url }], otlpInterval: "10ms" };
  const agent = await launch(settings, { OTEL_SDK_DISABLED: "true" });
  await until("a collection", () => agent.log().includes("collection finished"));
  const statuses = ["/metrics", "/", "/api/status", "/-/ready"].map(
    async (path) => (await fetch(agent.url + path)).status,
  );
  expect(await Promise.all(statuses)).toEqual([404, 200, 200, 200]);
  await agent.stop();
  expect(receiver.received).toEqual([]);
  expect(agent.log()).toContain("metrics are not exported");
});
