import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

import { OTLPMetricExporterBase } from "@opentelemetry/exporter-metrics-otlp-http";
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import {
  AgentError,
  httpClient,
  isRecord,
  retry,
  SCHEMES,
  secretHandle,
  toAgentError,
} from "restic-otel-instrumentation/agent";
import type { Clock, SecretHandle, Send } from "restic-otel-instrumentation/agent";

import type { OtlpEndpoint } from "../../settings/otlp.ts";
import { checkAnswer } from "./answer.ts";

const MAX_ANSWER_BYTES = 64 * 1024;
const compress = promisify(gzip);

/**
 * The exporter of the SDK with a way to the wire of our own: the stock one takes half an answer, a login page and a partial
 * success for success, and mixes headers of the environment into every request.
 */
export class OtlpExporter extends OTLPMetricExporterBase {
  constructor(endpoint: OtlpEndpoint, clock: Clock) {
    const send = sender(endpoint, clock);
    super({
      export: (metrics, done) => void report(send(metrics), done),
      forceFlush: async () => {},
      shutdown: async () => {},
      setMetrics: () => {},
    });
  }

  /** @throws AgentError if not everything was accepted */
  push(metrics: ResourceMetrics): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.export(metrics, ({ error }) => {
      if (error) reject(error);
      else resolve();
    });
    return promise;
  }
}

async function report(
  sent: Promise<void>,
  done: (result: { readonly code: 0 | 1; readonly error?: Error }) => void,
): Promise<void> {
  const error = await sent.then(() => undefined, toAgentError);
  done(error ? { code: 1, error } : { code: 0 });
}

type Push = (metrics: ResourceMetrics) => Promise<void>;

function sender(endpoint: OtlpEndpoint, clock: Clock): Push {
  const { protocol, compression, timeoutMs, url } = endpoint;
  const serializer = protocol === "http/json" ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  // That of the JSON serializer takes anything.
  const decode =
    protocol === "http/json"
      ? decodeJson
      : (bytes: Uint8Array) => ProtobufMetricsSerializer.deserializeResponse(bytes);
  const fixed = {
    "content-type": protocol === "http/json" ? "application/json" : "application/x-protobuf",
    ...(compression === "gzip" && { "content-encoding": "gzip" }),
  };
  const secrets = Object.entries(endpoint.headers).map(
    ([name, reference]) => [name, secretHandle(reference, SCHEMES, clock)] as const,
  );
  let client: Promise<Send> | undefined;

  async function attempt(body: Uint8Array, fresh: boolean, signal: AbortSignal): Promise<void> {
    client ??= connect(endpoint);
    client.catch(() => (client = undefined));
    const headers = { ...(await revealed(secrets, fresh, signal)), ...fixed };
    const request = { method: "POST", url: new URL(url), headers, body } as const;
    const answer = await (await client)({ ...request, maxBytes: MAX_ANSWER_BYTES }, signal);
    checkAnswer(answer, url, decode, clock);
  }

  /** A token in a header may have been rotated. */
  async function attemptTwice(body: Uint8Array, signal: AbortSignal): Promise<void> {
    try {
      await attempt(body, false, signal);
    } catch (error) {
      const denied = error instanceof AgentError && error.code === "denied";
      if (!denied || secrets.length === 0) throw error;
      await attempt(body, true, signal);
    }
  }

  return async (metrics) => {
    const plain = serializer.serializeRequest(metrics);
    if (!plain) throw new AgentError("other", `${url}: the metrics could not be encoded`);
    const body = compression === "gzip" ? await compress(plain) : plain;
    await within(timeoutMs, url, clock, (signal) =>
      retry(() => attemptTwice(body, signal), clock, signal),
    );
  };
}

function decodeJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!isRecord(value)) throw new TypeError("not an object");
  return value;
}

/** Bounds all retries together, and an answer that never ends. */
async function within(
  ms: number,
  url: string,
  clock: Clock,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const late = new AbortController();
  clock.sleep(ms, ended.signal).then(
    () => late.abort(new AgentError("timeout", `${url}: not accepted within ${ms / 1000} s`)),
    () => {},
  );
  try {
    await run(late.signal);
  } finally {
    ended.abort();
  }
}

async function connect({ tls, timeoutMs }: OtlpEndpoint): Promise<Send> {
  const [ca, cert, key] = await Promise.all([tls.ca, tls.cert, tls.key].map(pem));
  return httpClient({
    ca,
    clientCertificate: cert === undefined ? undefined : `${cert}\n${key ?? ""}`,
    connections: 1,
    idleMs: timeoutMs,
    proxyEnvironment: process.env,
  });
}

async function pem(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new AgentError("config", `the certificate file ${file} cannot be read`, { cause: error });
  }
}

async function revealed(
  secrets: readonly (readonly [string, SecretHandle])[],
  fresh: boolean,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const pairs = await Promise.all(
    secrets.map(async ([name, handle]) => {
      const secret = await (fresh ? handle.refresh(signal) : handle.current(signal));
      return [name, secret.revealText()] as const;
    }),
  );
  return Object.fromEntries(pairs);
}
