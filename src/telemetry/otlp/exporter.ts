import { validateHeaderValue } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { Send } from "restic-otel-instrumentation/http";
import {
  AgentError,
  Redaction,
  retry,
  secretHandle,
  waitFor,
  withTimeLimit,
} from "restic-otel-instrumentation/internal";
import type { Clock, SecretHandle, SecretResolver } from "restic-otel-instrumentation/internal";

import { endpointName } from "../../settings/otlp.ts";
import type { OtlpEndpoint } from "../../settings/otlp.ts";
import { batches, pointsOf } from "./batches.ts";
import { otlpClient } from "./client.ts";
import { checkResponse, notAccepted, requestError } from "./response.ts";
import { stockExport } from "./stock-exporter.ts";

export interface OtlpExporterOptions {
  /** Resolve the secrets in headers. */
  readonly resolvers: ReadonlyMap<string, SecretResolver>;
  /** Version of the agent. */
  readonly version: string;
  readonly clock: Clock;
}

/** A Collector refuses more than 20 MiB, measured before compression. */
const MAX_BODY_BYTES = 16 * 2 ** 20;
/** The message of a response is short; a larger body is not OTLP. */
const MAX_RESPONSE_BYTES = 256 * 1024;
/** They end at the endpoint's time limit as well. */
const MAX_RETRIES = 5;
/** Must be the version of the stock exporter, which does not export its name. */
const STOCK = "OTel-OTLP-Exporter-JavaScript/0.301.0";

/** Nothing was sent: the metrics have to be split. */
class BodyTooLargeError extends Error {
  override readonly name = "BodyTooLargeError";
}

const compressed = promisify(gzip);

/** Pushes to one endpoint. */
export class OtlpExporter {
  readonly #endpoint: OtlpEndpoint;
  readonly #options: OtlpExporterOptions;
  readonly #headers: readonly (readonly [name: string, value: SecretHandle])[];
  /** Opened by the next push. */
  #client: Promise<Send> | undefined;

  constructor(endpoint: OtlpEndpoint, options: OtlpExporterOptions) {
    const { resolvers, clock } = options;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#headers = Object.entries(endpoint.headers).map(([name, reference]) => [
      name,
      secretHandle(reference, resolvers, clock),
    ]);
  }

  /** Resolves the secrets, so that they are known to the monitor before the first push. Never rejects. */
  async resolveSecrets(): Promise<void> {
    const { signal } = new AbortController();
    await Promise.allSettled(this.#headers.map(([, value]) => value.current(signal)));
  }

  /** One call at a time. @throws AgentError if a point was not accepted, or the reason of the signal */
  async push(metrics: ResourceMetrics, signal: AbortSignal): Promise<void> {
    const { url, timeoutMs } = this.#endpoint;
    const late = notAccepted(endpointName(url), timeoutMs);
    try {
      await withTimeLimit(timeoutMs, late, this.#options.clock, (limit) =>
        this.#send(metrics, AbortSignal.any([signal, limit])),
      );
    } catch (error) {
      if (!(error instanceof BodyTooLargeError)) {
        // Connects again for the next push, with certificates that may have been replaced.
        this.#client = undefined;
        throw error;
      }
      const half = Math.ceil(pointsOf(metrics) / 2);
      for (const part of batches(metrics, half)) await this.push(part, signal);
    }
  }

  async #send(metrics: ResourceMetrics, signal: AbortSignal): Promise<void> {
    try {
      await this.#export(metrics, signal);
    } catch (error) {
      const isDenied = error instanceof AgentError && error.code === "denied";
      if (!isDenied || this.#headers.length === 0) throw error;
      // A secret may have been rotated.
      await Promise.all(this.#headers.map(([, value]) => value.refresh(signal)));
      await this.#export(metrics, signal);
    }
  }

  async #export(metrics: ResourceMetrics, signal: AbortSignal): Promise<void> {
    const { url, protocol, compression } = this.#endpoint;
    // A file that is a FIFO may never be read.
    const [send, pairs] = await waitFor(
      Promise.all([
        (this.#client ??= otlpClient(this.#endpoint)),
        Promise.all(this.#headers.map(([name, value]) => headerOf(name, value, signal))),
      ]),
      signal,
    );
    const redaction = redactionOf(this.#endpoint, pairs);
    const headers = {
      ...Object.fromEntries(pairs),
      "content-type": protocol === "http/json" ? "application/json" : "application/x-protobuf",
      ...(compression === "gzip" && { "content-encoding": "gzip" }),
      "user-agent": `restic-otel/${this.#options.version} ${STOCK}`,
    };
    await stockExport(metrics, protocol, async (serialized) => {
      if (serialized.length > MAX_BODY_BYTES && pointsOf(metrics) > 1)
        throw new BodyTooLargeError();
      const body = compression === "gzip" ? await compressed(serialized) : serialized;
      const request = { method: "POST", url: new URL(url), headers, body } as const;
      const attempt = async (): Promise<void> => {
        const sent = send({ ...request, maxBytes: MAX_RESPONSE_BYTES }, signal);
        const response = await sent.catch((error: unknown) => {
          throw requestError(error, endpointName(url));
        });
        checkResponse(response, this.#endpoint, (text) => redaction.apply(text));
      };
      await retry(attempt, this.#options.clock, signal, MAX_RETRIES);
    });
  }
}

/** Finds the headers, and the values of the query, in text. */
function redactionOf({ url }: OtlpEndpoint, headers: readonly Header[]): Redaction {
  const redaction = new Redaction();
  const values = headers.map(([, value]) => value);
  for (const secret of [...values, ...new URL(url).searchParams.values()]) redaction.add(secret);
  return redaction;
}

type Header = readonly [name: string, text: string];

async function headerOf(name: string, value: SecretHandle, signal: AbortSignal): Promise<Header> {
  const text = (await value.current(signal)).revealText();
  try {
    validateHeaderValue(name, text);
  } catch {
    const message = `the header ${JSON.stringify(name)} has characters that cannot be sent`;
    throw new AgentError("config", message);
  }
  return [name, text];
}
