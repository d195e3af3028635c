import { expect, test } from "vitest";

import { readFile } from "node:fs/promises";

import { page } from "../house/docs.ts";
import { errorOf, settingsOf } from "../support/agent/settings-file.ts";

const withOtlp = (otlp: unknown): string => JSON.stringify({ repositories: [], otlp });

test("each endpoint has its own settings", async () => {
  const { otlp } = await settingsOf(
    withOtlp([
      { endpoint: "http://a:4318/" },
      {
        endpoint: "https://b/api/v1/otlp",
        protocol: "http/protobuf",
        compression: "none",
        timeout: "3s",
        headers: { Authorization: { file: "/run/token" }, "x-id": "7" },
        tls: { ca: "/ca", cert: "/cert", key: "/key" },
      },
      { endpoint: "http://c/v1/metrics" },
    ]),
  );
  expect(otlp).toMatchObject([
    { url: "http://a:4318/v1/metrics", protocol: "http/json", compression: "gzip" },
    {
      url: "https://b/api/v1/otlp/v1/metrics",
      protocol: "http/protobuf",
      compression: "none",
      timeoutMs: 3000,
      headers: {
        authorization: { scheme: "file", reference: "/run/token" },
        "x-id": { scheme: "literal" },
      },
      tls: { ca: "/ca", cert: "/cert", key: "/key" },
    },
    { url: "http://c/v1/metrics" },
  ]);
});

const ADDRESS =
  'must be a URL like "http://collector:4318" without user and password: set credentials in headers';
const C = { endpoint: "http://c" };

test.for<[string, unknown, string]>([
  ["a string as list", "http://c", "FILE:1:20: otlp: must be a list of endpoints"],
  [
    "a string as endpoint",
    ["http://c"],
    "FILE:1:28: otlp[0]: must be a mapping with the key endpoint",
  ],
  [
    "an entry without endpoint",
    [{}],
    "FILE:1:28: otlp[0]: endpoint is missing: add the URL of the receiver",
  ],
  [
    "an address without scheme",
    [{ endpoint: "c:4318" }],
    `FILE:1:29: otlp[0].endpoint: ${ADDRESS}`,
  ],
  [
    "an address with user and password",
    [{ endpoint: "http://u:CANARY@c" }],
    `FILE:1:29: otlp[0].endpoint: ${ADDRESS}`,
  ],
  [
    "an unknown key",
    [{ ...C, header: {} }],
    "FILE:1:51: otlp[0].header: unknown key, did you mean headers?",
  ],
  [
    "an unknown protocol",
    [{ ...C, protocol: "grpc" }],
    'FILE:1:51: otlp[0].protocol: "grpc": must be one of http/json, http/protobuf; gRPC is not supported',
  ],
  [
    "a timeout without unit",
    [{ ...C, timeout: "10" }],
    'FILE:1:51: otlp[0].timeout: "10": must be a duration with its unit, like "10s"',
  ],
  [
    "an invalid header name",
    [{ ...C, headers: { "a b": "CANARY" } }],
    "FILE:1:62: otlp[0].headers.[key 1]: is not a valid header name",
  ],
  [
    "a key without certificate",
    [{ ...C, tls: { key: "k" } }],
    "FILE:1:51: otlp[0].tls: set both cert and key, or neither",
  ],
  [
    "a duplicate endpoint",
    [C, { endpoint: "http://c/v1/metrics?token=CANARY" }],
    "FILE:1:53: otlp[1].endpoint: is the same as in otlp[0]: remove one of the two",
  ],
])("%s is rejected", async ([, otlp, message]) => {
  expect(await errorOf(withOtlp(otlp))).toBe(message);
});

test("the OTLP settings of docs/opentelemetry.md are valid", async () => {
  const text = await readFile(page("opentelemetry"), "utf8");
  const [, block = ""] = /```yaml\n(otlp:\n[^]*?)```/.exec(text) ?? [];
  const settings = await settingsOf(`repositories: []\n${block}`);
  expect(settings.bind).toEqual([]);
  expect(settings.otlp).toMatchObject([
    { url: "http://localhost:4318/v1/metrics", protocol: "http/json" },
    {
      url: "https://prometheus.example.com/api/v1/otlp/v1/metrics",
      protocol: "http/protobuf",
      headers: { authorization: { scheme: "file" } },
    },
  ]);
});
