import { beforeEach, expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import type { SecretResolver } from "../../../instrumentation/core/secret.ts";
import type { OtlpExporter } from "../../../src/telemetry/otlp/exporter.ts";
import { failureOf } from "../../support/core/failure.ts";
import { exporterTo, literalHeader, pushOnce } from "../../support/otlp/exporter-push.ts";
import { reply, startReceiver } from "../../support/otlp/otlp-receiver.ts";
import type { Receiver } from "../../support/otlp/otlp-receiver.ts";

let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
});

/** An exporter with a header `authorization` whose secret comes from `resolve`. */
function exporterWith(resolve: SecretResolver["resolve"]): OtlpExporter {
  const resolver: SecretResolver = { scheme: "test", check: () => undefined, resolve };
  const headers = { authorization: { scheme: "test", reference: "" } };
  return exporterTo(receiver.url, { headers }, { resolvers: new Map([["test", resolver]]) });
}

const tokens = (): readonly unknown[] =>
  receiver.received.map(({ headers }) => headers.authorization);

function rotating(): SecretResolver["resolve"] {
  let current = 0;
  return async () => new Secret(`token-${++current}`);
}

test.for([401, 403])("after %i the secrets are resolved again, and sent again", async (status) => {
  receiver.answers.push(reply(status, ""));
  const exporter = exporterWith(rotating());
  await pushOnce(exporter);
  await pushOnce(exporter);
  expect(tokens()).toEqual(["token-1", "token-2", "token-2"]);
});

test("a receiver that denies the new secret as well gets no third request", async () => {
  receiver.otherwise = reply(401, "");
  expect(await failureOf(pushOnce(exporterWith(rotating())))).toBe(
    `denied: ${receiver.url}: access denied (401)`,
  );
  expect(tokens()).toEqual(["token-1", "token-2"]);
});

test("without a secret a denied request is not repeated", async () => {
  receiver.otherwise = reply(401, "");
  const exporter = exporterTo(receiver.url, { headers: {} });
  expect(await failureOf(pushOnce(exporter))).toBe(`denied: ${receiver.url}: access denied (401)`);
  expect(receiver.received).toHaveLength(1);
});

test("a secret that cannot be resolved fails the push, and nothing is sent", async () => {
  const exporter = exporterWith(async () => {
    throw new AgentError("secret", "the file /token cannot be read");
  });
  expect(await failureOf(pushOnce(exporter))).toBe("secret: the file /token cannot be read");
  expect(receiver.received).toEqual([]);
});

test("a secret with a line break is not sent, and not shown", async () => {
  const exporter = exporterWith(async () => new Secret("CANARY\nx-other: 1"));
  expect(await failureOf(pushOnce(exporter))).toBe(
    'config: the header "authorization" has characters that cannot be sent',
  );
  expect(receiver.received).toEqual([]);
});

test.for([
  [
    "a rejection",
    200,
    (text: string) => ({ partialSuccess: { rejectedDataPoints: 1, errorMessage: text } }),
  ],
  ["an error", 400, (text: string) => ({ message: text })],
] as const)(
  "%s that repeats the request is shown without its secrets",
  async ([, status, body]) => {
    const headers = {
      authorization: literalHeader("Bearer CANARY-header"),
      "x-key": literalHeader("CANARY key/1"),
    };
    const echo = `${"x".repeat(150)} Bearer CANARY-header CANARY%20key%2F1 /v1/metrics?t=CANARY-query`;
    receiver.otherwise = reply(status, JSON.stringify(body(echo)));
    const message = await failureOf(
      pushOnce(exporterTo(`${receiver.url}?t=CANARY-query`, { headers })),
    );
    expect(message).toContain("xxx");
    expect(message).not.toContain("CANARY");
  },
);

test("the secrets can be resolved before the first push, which sends them", async () => {
  const exporter = exporterWith(rotating());
  await exporter.resolveSecrets();
  expect(tokens()).toEqual([]);
  await pushOnce(exporter);
  expect(tokens()).toEqual(["token-1"]);
});

test("a secret that cannot be resolved before the first push is resolved by it", async () => {
  const answers = [Promise.reject(new AgentError("secret", "not yet")), new Secret("token")];
  const exporter = exporterWith(async () => answers.shift() ?? new Secret("another"));
  await exporter.resolveSecrets();
  await pushOnce(exporter);
  expect(tokens()).toEqual(["token"]);
});
