import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, expect, onTestFinished, test, vi } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import type { OtlpEndpoint } from "../../../src/settings/otlp.ts";
import { failureOf } from "../../support/core/failure.ts";
import { exporterTo, literalHeader, pushOnce } from "../../support/otlp/exporter-push.ts";
import { reply, startReceiver } from "../../support/otlp/otlp-receiver.ts";
import type { Receiver } from "../../support/otlp/otlp-receiver.ts";

let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
});

/** The version of the stock exporter. */
async function stockVersion(): Promise<string> {
  const file = "../../../node_modules/@opentelemetry/otlp-exporter-base/package.json";
  return String(JSON.parse(await readFile(join(import.meta.dirname, file), "utf8")).version);
}

/** `accepted`, or how the push fails, with `URL` for the receiver's. */
async function outcomeOf(changes: Partial<OtlpEndpoint> = {}): Promise<string> {
  try {
    await pushOnce(exporterTo(receiver.url, changes));
    return "accepted";
  } catch (error) {
    return (await failureOf(Promise.reject(error))).replaceAll(receiver.url, "URL");
  }
}

test("JSON has the resource, the scope with its version, and the series", async () => {
  expect(await outcomeOf()).toBe("accepted");
  const [{ path, headers, body } = expect.fail()] = receiver.received;
  expect(path).toBe("/v1/metrics");
  expect(headers).toMatchObject({
    "x-token": "CANARY",
    "content-type": "application/json",
    "content-encoding": "gzip",
    "user-agent": `restic-otel/1.2.3 OTel-OTLP-Exporter-JavaScript/${await stockVersion()}`,
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
          {
            scope: { name: "restic-otel", version: "1.2.3" },
            metrics: [{ name: "backup.days_age", gauge: { dataPoints: [{ asDouble: 3 }] } }],
          },
        ],
      },
    ],
  });
});

test("Protobuf without compression", async () => {
  receiver.answers.push(reply(200, "", { "content-type": "application/x-protobuf" }));
  expect(await outcomeOf({ protocol: "http/protobuf", compression: "none" })).toBe("accepted");
  const [{ headers, body } = expect.fail()] = receiver.received;
  expect(headers["content-type"]).toBe("application/x-protobuf");
  expect(headers["content-encoding"]).toBeUndefined();
  expect(body.toString("latin1")).toContain("backup.days_age");
});

test("the variables of OpenTelemetry do not change an endpoint", async () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const [name, value] of [
    ["HEADERS", "x-environment=CANARY,x-token=other"],
    ["METRICS_HEADERS", "x-environment=CANARY"],
    ["ENDPOINT", "http://127.0.0.1:1"],
    ["METRICS_ENDPOINT", "http://127.0.0.1:1"],
    ["COMPRESSION", "none"],
    ["PROTOCOL", "http/protobuf"],
    ["TIMEOUT", "1"],
    ["CERTIFICATE", "/nowhere"],
  ] as const)
    vi.stubEnv(`OTEL_EXPORTER_OTLP_${name}`, value);
  expect(await outcomeOf()).toBe("accepted");
  const [{ headers } = expect.fail()] = receiver.received;
  expect(headers).not.toHaveProperty("x-environment");
  expect(headers).toMatchObject({
    "x-token": "CANARY",
    "content-type": "application/json",
    "content-encoding": "gzip",
  });
});

const HTML = { "content-type": "text/html" };
const PLAIN = { "content-type": "text/plain" };
const NOT_OTLP =
  "other: URL: the response is not OTLP: is a login page or a proxy in front of the receiver?";

test.for([
  ["400", reply(400, "bad point\n", PLAIN), "other: URL: the server answers 400: bad point"],
  [
    "http to a port of https",
    reply(400, "Client sent an HTTP request to an HTTPS server.\n", PLAIN),
    "config: URL: the server expects HTTPS: write https:// (400): Client sent an HTTP request to an HTTPS server.",
  ],
  ["401", reply(401, "<p>", HTML), "denied: URL: access denied (401)"],
  ["403", reply(403, "", HTML), "denied: URL: access denied (403)"],
  ["404", reply(404, "", PLAIN), "not_found: URL: not found (404)"],
  ["415", reply(415, "", PLAIN), "other: URL: the server answers 415"],
  ["500", reply(500, "", PLAIN), "unreachable: URL: the server answers 500"],
  [
    "a partial success",
    reply(
      200,
      '{"partialSuccess": {"rejectedDataPoints": "7", "errorMessage": "too old\\u001b[0m"}}',
    ),
    "other: URL: 7 points were rejected: too old [0m",
  ],
  [
    "a partial success that rejects nothing",
    reply(200, '{"partialSuccess": {"errorMessage": "hm"}}'),
    "accepted",
  ],
  ["an empty answer", reply(200, ""), "accepted"],
] as const)("%s", async ([, answer, outcome]) => {
  // A denied request is repeated once.
  receiver.answers.push(answer, answer);
  expect(await outcomeOf()).toBe(outcome);
});

test.for([
  ["a login page", "<html>"],
  ["half of a JSON object", "{"],
  ["a list", "[]"],
  ["null", "null"],
] as const)("%s with status 200 is no success", async ([, body]) => {
  receiver.answers.push(reply(200, body, body === "<html>" ? HTML : undefined));
  expect(await outcomeOf()).toBe(NOT_OTLP);
});

test.for(["<html>", "\n<!DOCTYPE html>", "OK", "{}", '{"partialSuccess": {}}'])(
  "%j is no success in Protobuf",
  async (body) => {
    receiver.answers.push(reply(200, body, HTML));
    expect(await outcomeOf({ protocol: "http/protobuf" })).toMatch(/^other: URL: /);
  },
);

test("a partial success in Protobuf", async () => {
  // ExportMetricsServiceResponse { partial_success { rejected_data_points: 7, error_message: "old" } }
  const answer = Buffer.from([0x0a, 7, 0x08, 7, 0x12, 3, ...Buffer.from("old")]);
  receiver.answers.push((response) =>
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end(answer),
  );
  expect(await outcomeOf({ protocol: "http/protobuf" })).toBe(
    "other: URL: 7 points were rejected: old",
  );
});

test("an answer that breaks off is no success", async () => {
  receiver.otherwise = (response) =>
    response
      .writeHead(200, { "content-type": "application/json", "content-length": 2 })
      .write("{", () => response.socket?.destroy());
  expect(await outcomeOf({ timeoutMs: 300 })).toMatch(
    /^transient unreachable: 127\.0\.0\.1:\d+ closed the connection$/,
  );
});

test.for([200, 400])("a long body with status %i is not read to its end", async (status) => {
  receiver.otherwise = (response) => {
    response.writeHead(status, { "content-type": "application/json" });
    const more = (): void => {
      if (!response.destroyed) response.write(" ".repeat(2 ** 14), more);
    };
    more();
  };
  expect(await outcomeOf()).toBe(NOT_OTLP);
});

test("a redirect is not followed, so that no secret goes elsewhere", async () => {
  const other = await startReceiver();
  for (const status of [301, 302, 303, 307, 308]) {
    receiver.answers.push(reply(status, "", { location: other.url }));
    expect(await outcomeOf()).toBe(`other: URL: the server answers ${status}`);
  }
  expect(other.received).toEqual([]);
});

test("the message of a failure shows neither the query of the URL nor a header", async () => {
  receiver.answers.push(reply(400, "no", PLAIN));
  const exporter = exporterTo(`${receiver.url}?token=CANARY`, {
    headers: { "x-token": literalHeader("CANARY") },
  });
  expect(await failureOf(pushOnce(exporter))).toBe(
    `other: ${receiver.url}: the server answers 400: no`,
  );
  expect(receiver.received[0]?.path).toBe("/v1/metrics?token=CANARY");
});

test("a body that is too large for a Collector is sent in parts", async () => {
  const hosts = ["a", "b", "c", "d", "e"].map((name) => name.repeat(5 * 2 ** 20));
  await pushOnce(exporterTo(receiver.url), { hosts });
  const sizes = receiver.received.map(({ body }) => body.length);
  expect(Math.max(...sizes)).toBeLessThan(20 * 2 ** 20);
  const found = receiver.received.flatMap(
    ({ body }) => body.toString().match(/"stringValue":"(a|b|c|d|e){9}/g) ?? [],
  );
  expect(found.map((text) => text.at(-1))).toEqual(["a", "b", "c", "d", "e"]);
});

test("a server that does not speak HTTP/1.1", async () => {
  // A gRPC server answers with a SETTINGS frame of HTTP/2.
  receiver.otherwise = ({ socket }) => void socket?.end(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  expect((await outcomeOf()).replace(/127\.0\.0\.1:\d+/, "HOST")).toBe(
    "other: invalid HTTP/1.1 response from HOST: is it a port of gRPC or another protocol?",
  );
});

test("a connection that is refused", async () => {
  const exporter = exporterTo("http://127.0.0.1:1/v1/metrics", { timeoutMs: 400 });
  expect(await failureOf(pushOnce(exporter))).toMatch(
    /unreachable: 127\.0\.0\.1:1 refuses the connection$/,
  );
});

test("after a failure the next push works", async () => {
  receiver.answers.push(reply(500, ""), (response) => response.socket?.resetAndDestroy());
  const exporter = exporterTo(receiver.url, { timeoutMs: 300 });
  await expect(pushOnce(exporter)).rejects.toThrow(AgentError);
  await expect(pushOnce(exporter)).rejects.toThrow(AgentError);
  await pushOnce(exporter);
  await pushOnce(exporter);
  expect(receiver.received.length).toBeGreaterThanOrEqual(4);
});
