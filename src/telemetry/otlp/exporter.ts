import { promisify } from "node:util";
import { gzip } from "node:zlib";

import { OTLPMetricExporterBase } from "@opentelemetry/exporter-metrics-otlp-http";
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import {
  AgentError,
  httpClient,
  readPem,
  isJsonObject,
  retry,
  secretHandle,
  toAgentError,
  withTimeLimit,
} from "restic-otel-instrumentation/internal";
import type {
  Clock,
  SecretHandle,
  SecretResolver,
  Send,
} from "restic-otel-instrumentation/internal";

import { endpointName } from "../../settings/otlp.ts";
import type { OtlpEndpoint } from "../../settings/otlp.ts";
import { checkAnswer, notAccepted } from "./response.ts";
import { batches, pointsOf } from "./batches.ts";

const MAX_ANSWER_BYTES = 64 * 1024;
/** Before compression: a Collector refuses more than 20 MiB. */
const MAX_BODY_BYTES = 16 * 2 ** 20;
const compress = promisify(gzip);

export interface OtlpExporterOptions {
  /** Ways to the secrets in headers. */
  readonly resolvers: ReadonlyMap<string, SecretResolver>;
  /** Of the agent. */
  readonly version: string;
  readonly clock: Clock;
}

/**
 * The exporter of the SDK with a way to the wire of our own: the stock one takes half an answer, a login page and a partial
 * success for success, and mixes headers of the environment into every request.
 */
export class OtlpExporter extends OTLPMetricExporterBase {
  /** Of the push that is under way. */
  readonly #limit: { signal: AbortSignal };

  constructor(endpoint: OtlpEndpoint, options: OtlpExporterOptions) {
    const send = sender(endpoint, options);
    const limit = { signal: new AbortController().signal };
    super({
      export: (metrics, done) => void report(send(metrics, limit.signal), done),
      forceFlush: async () => {},
      shutdown: async () => {},
      setMetrics: () => {},
    });
    this.#limit = limit;
  }

  /** One at a time. @throws AgentError if not everything was accepted, or the reason of the signal */
  push(metrics: ResourceMetrics, signal: AbortSignal): Promise<void> {
    this.#limit.signal = signal;
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

type Push = (metrics: ResourceMetrics, signal: AbortSignal) => Promise<void>;

function sender(endpoint: OtlpEndpoint, { resolvers, version, clock }: OtlpExporterOptions): Push {
  const { protocol, compression, timeoutMs, url } = endpoint;
  const where = endpointName(url);
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
    ([name, reference]) => [name, secretHandle(reference, resolvers, clock)] as const,
  );
  let client: Promise<Send> | undefined;

  async function attempt(body: Uint8Array, fresh: boolean, signal: AbortSignal): Promise<void> {
    client ??= connect(endpoint);
    client.catch(() => (client = undefined));
    const given = await revealed(secrets, fresh, signal);
    const headers = { "user-agent": `restic-otel/${version}`, ...given, ...fixed };
    const request = { method: "POST", url: new URL(url), headers, body } as const;
    const answer = await (await client)({ ...request, maxBytes: MAX_ANSWER_BYTES }, signal);
    checkAnswer(answer, where, decode, clock);
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

  async function send(metrics: ResourceMetrics, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const plain = serializer.serializeRequest(metrics);
    if (!plain) throw new AgentError("other", `${where}: the metrics could not be encoded`);
    const points = pointsOf(metrics);
    if (plain.length > MAX_BODY_BYTES && points > 1) {
      for (const half of batches(metrics, Math.ceil(points / 2))) await send(half, signal);
      return;
    }
    const body = compression === "gzip" ? await compress(plain) : plain;
    await withTimeLimit(timeoutMs, notAccepted(where, timeoutMs), clock, (late) => {
      const either = AbortSignal.any([signal, late]);
      return retry(() => attemptTwice(body, either), clock, either);
    });
  }

  return async (metrics, signal) => {
    try {
      await send(metrics, signal);
    } catch (error) {
      // Its certificates may have been replaced.
      client = undefined;
      throw error;
    }
  };
}

function decodeJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!isJsonObject(value)) throw new TypeError("not an object");
  return value;
}

async function connect({ tls, timeoutMs }: OtlpEndpoint): Promise<Send> {
  const pem = async (key: keyof typeof tls): Promise<string | undefined> => {
    const file = tls[key];
    return file === undefined ? undefined : readPem(file, `tls.${key}`);
  };
  const [ca, cert, key] = await Promise.all([pem("ca"), pem("cert"), pem("key")]);
  return httpClient({
    ca,
    clientCertificate: cert === undefined ? undefined : `${cert}\n${key ?? ""}`,
    connections: 1,
    caHint: "tls.ca, or OTEL_EXPORTER_OTLP_CERTIFICATE, names another CA",
    idleMs: timeoutMs,
    proxyEnvironment: process.env,
  });
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
