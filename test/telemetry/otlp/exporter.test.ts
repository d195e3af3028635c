import { beforeEach, expect, test } from "vitest";

import { bindMetrics, boundTable } from "../../../instrumentation/metrics/observable-gauges.ts";
import { AgentError } from "../../../instrumentation/core/error.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import type { SecretResolver } from "../../../instrumentation/core/secret.ts";
import { resolversWith } from "../../../instrumentation/secrets/resolvers.ts";
import type { MetricSpec, Point } from "../../../instrumentation/metrics/spec.ts";
import type { OtlpEndpoint } from "../../../src/settings/otlp.ts";
import { collectOnce } from "../../../src/telemetry/collect-metrics.ts";
import { OtlpExporter } from "../../../src/telemetry/otlp/exporter.ts";
import { agentResource } from "../../../src/telemetry/resource.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { reply, startReceiver } from "../../support/otlp/otlp-receiver.ts";
import type { Receiver } from "../../support/otlp/otlp-receiver.ts";
import { until } from "../../support/core/until.ts";

let receiver: Receiver;
let clock: FakeClock;
/** Of the whole push. */
let limit: AbortController;

beforeEach(async () => {
  receiver = await startReceiver();
  clock = new FakeClock();
  limit = new AbortController();
});

async function push(
  changes: Partial<OtlpEndpoint> = {},
  names: readonly string[] = ["web"],
  resolvers = resolversWith([]),
): Promise<string> {
  const metric: MetricSpec<unknown> = {
    name: "backup.days_age",
    kind: "gauge",
    description: "d",
    labels: ["host"],
    points: () => names.map((host): Point => [3, { host }]),
  };
  const metrics = await collectOnce(
    (meter) => bindMetrics(meter, [boundTable([metric], () => [0])], () => 0),
    agentResource("1.2.3", "here"),
  );
  const endpoint: OtlpEndpoint = {
    url: receiver.url,
    headers: { "x-token": { scheme: "literal", reference: new Secret("CANARY") } },
    protocol: "http/json",
    compression: "gzip",
    timeoutMs: 10_000,
    tls: { ca: undefined, cert: undefined, key: undefined },
    ...changes,
  };
  try {
    const exporter = new OtlpExporter(endpoint, { resolvers, version: "1.2.3", clock });
    await exporter.push(metrics, limit.signal);
    return "accepted";
  } catch (error) {
    return error instanceof Error ? error.message.replaceAll(receiver.url, "URL") : "";
  }
}

test("a body of JSON with the resource, the headers and the series", async () => {
  expect(await push()).toBe("accepted");
  const [{ path, headers, body } = expect.fail()] = receiver.received;
  expect(path).toBe("/v1/metrics");
  expect(headers).toMatchObject({
    "x-token": "CANARY",
    "content-type": "application/json",
    "user-agent": "restic-otel/1.2.3",
  });
  expect(JSON.parse(body.toString())).toMatchObject({
    resourceMetrics: [
      {
        resource: {
          attributes: expect.arrayContaining([
            { key: "service.name", value: { stringValue: "restic-otel" } },
            { key: "service.version", value: { stringValue: "1.2.3" } },
          ]),
        },
        scopeMetrics: [
          { metrics: [{ name: "backup.days_age", gauge: { dataPoints: [{ asDouble: 3 }] } }] },
        ],
      },
    ],
  });
});

test("Protobuf without compression", async () => {
  receiver.answers.push(reply(200, "", { "content-type": "application/x-protobuf" }));
  expect(await push({ protocol: "http/protobuf", compression: "none" })).toBe("accepted");
  const [{ headers, body } = expect.fail()] = receiver.received;
  expect(headers["content-type"]).toBe("application/x-protobuf");
  expect(headers["content-encoding"]).toBeUndefined();
  expect(body.toString("latin1")).toContain("backup.days_age");
});

const HTML = { "content-type": "text/html" };
const PLAIN = { "content-type": "text/plain" };

test.for([
  ["400", reply(400, "bad point\n", PLAIN), "URL: the server answers 400: bad point"],
  ["401", reply(401, "<p>", HTML), "URL: access denied (401)"],
  ["404", reply(404, "", PLAIN), "URL: not found (404)"],
  ["415", reply(415, "", PLAIN), "URL: the server answers 415"],
  ["500", reply(500, "", PLAIN), "URL: the server answers 500"],
  ["a redirect", reply(307, "", { location: "/elsewhere" }), "URL: the server answers 307"],
  [
    "a login page",
    reply(200, "<html>", HTML),
    "URL: answers 200 with text/html, which no OTLP receiver does: is a login page or a proxy in front of it?",
  ],
  [
    "JSON that is none",
    reply(200, "{"),
    "URL: answers 200 with application/json, which no OTLP receiver does: is a login page or a proxy in front of it?",
  ],
  [
    "a partial success",
    reply(
      200,
      '{"partialSuccess": {"rejectedDataPoints": "7", "errorMessage": "too old\\u001b[0m"}}',
    ),
    "URL: 7 points were rejected: too old [0m",
  ],
  ["a warning alone", reply(200, '{"partialSuccess": {"errorMessage": "hm"}}'), "accepted"],
] as const)("%s", async ([, answer, message]) => {
  // A denied request is made once more, with headers resolved anew.
  receiver.answers.push(answer, answer);
  expect(await push()).toBe(message);
});

/** The time limit, and a pause before the next attempt. */
async function pauses(): Promise<void> {
  await until("it", () => clock.sleeping === 2);
}

test("what passes is tried again, when the server wants it", async () => {
  receiver.answers.push(reply(503, "", { "retry-after": "3" }), reply(429, "", PLAIN));
  const pushed = push();
  await pauses();
  await clock.advance(2999);
  expect(receiver.received).toHaveLength(1);
  await clock.advance(1);
  await pauses();
  await clock.advance(2000);
  expect(await pushed).toBe("accepted");
  expect(receiver.received).toHaveLength(3);
});

test("a server that fails for ever costs no more than the time limit", async () => {
  receiver.answers.push(...Array.from({ length: 9 }, () => reply(503, "", PLAIN)));
  // The second pause ends after 2 s at the earliest.
  const pushed = push({ timeoutMs: 1900 });
  await pauses();
  await clock.advance(1000);
  await pauses();
  await clock.advance(900);
  expect(await pushed).toBe("URL: the server answers 503");
});

test("an answer that never ends costs no more than the time limit", async () => {
  receiver.answers.push((response) => response.writeHead(200).write("{"));
  const pushed = push();
  await until("it", () => receiver.received.length === 1);
  await clock.advance(10_000);
  expect(await pushed).toBe("URL: not accepted within 10 s");
  expect(clock.sleeping).toBe(0);
});

test("nobody there", async () => {
  const pushed = push({ url: "http://127.0.0.1:1/v1/metrics", timeoutMs: 400 });
  await pauses();
  await clock.advance(400);
  expect(await pushed).toBe("127.0.0.1:1 refuses the connection");
});

test("a body that a Collector would not take is sent in parts", async () => {
  const names = ["a", "b", "c", "d", "e"].map((name) => name.repeat(5 * 2 ** 20));
  expect(await push({}, names)).toBe("accepted");
  const sizes = receiver.received.map(({ body }) => body.length);
  expect(Math.max(...sizes)).toBeLessThan(20 * 2 ** 20);
  const found = receiver.received.flatMap(
    ({ body }) => body.toString().match(/"stringValue":"(a|b|c|d|e){9}/g) ?? [],
  );
  expect(found.map((text) => text.at(-1))).toEqual(["a", "b", "c", "d", "e"]);
});

test("the time limit of the whole push ends what is under way", async () => {
  receiver.answers.push(() => {});
  const pushed = push();
  await until("it", () => receiver.received.length === 1);
  limit.abort(new AgentError("timeout", "URL: not accepted within 30 s"));
  expect(await pushed).toBe("URL: not accepted within 30 s");
  expect(await push()).toBe("URL: not accepted within 30 s");
  expect(receiver.received).toHaveLength(1);
});

test("a partial success in Protobuf", async () => {
  // ExportMetricsServiceResponse { partial_success { rejected_data_points: 7, error_message: "old" } }
  const answer = Buffer.from([0x0a, 7, 0x08, 7, 0x12, 3, ...Buffer.from("old")]);
  receiver.answers.push((response) =>
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end(answer),
  );
  expect(await push({ protocol: "http/protobuf" })).toBe("URL: 7 points were rejected: old");
});

test("a header whose secret was rotated is sent anew, once", async () => {
  let current = 0;
  const rotating: SecretResolver = {
    scheme: "rotating",
    check: () => undefined,
    resolve: async () => new Secret(`token-${++current}`),
  };
  const reference = { scheme: "rotating", reference: "" };
  receiver.answers.push(reply(401, ""));
  const resolvers = new Map([["rotating", rotating]]);
  expect(await push({ headers: { authorization: reference } }, ["web"], resolvers)).toBe(
    "accepted",
  );
  expect(receiver.received.map(({ headers }) => headers.authorization)).toEqual([
    "token-1",
    "token-2",
  ]);
});
