import { validateHeaderValue } from "node:http";

import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import {
  AgentError,
  Redaction,
  secretHandle,
  withTimeLimit,
} from "restic-otel-instrumentation/internal";
import type { Clock, SecretHandle, SecretResolver } from "restic-otel-instrumentation/internal";

import { endpointName } from "../../settings/otlp.ts";
import type { OtlpEndpoint } from "../../settings/otlp.ts";
import { batches, pointsOf } from "./batches.ts";
import { checkedExporter } from "./checked-exporter.ts";
import type { Export } from "./checked-exporter.ts";
import { BodyTooLargeError, notAccepted } from "./response.ts";

export interface OtlpExporterOptions {
  /** Resolve the secrets in headers. */
  readonly resolvers: ReadonlyMap<string, SecretResolver>;
  /** Version of the agent. */
  readonly version: string;
  readonly clock: Clock;
}

/** Pushes to one endpoint. */
export class OtlpExporter {
  readonly #endpoint: OtlpEndpoint;
  readonly #options: OtlpExporterOptions;
  readonly #headers: readonly (readonly [name: string, value: SecretHandle])[];
  #closed = new AbortController();
  #exporter: Export;

  constructor(endpoint: OtlpEndpoint, options: OtlpExporterOptions) {
    const { resolvers, clock } = options;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#headers = Object.entries(endpoint.headers).map(([name, reference]) => [
      name,
      secretHandle(reference, resolvers, clock),
    ]);
    this.#exporter = this.#open();
  }

  /** Resolves the secrets, so that they are known to the monitor before the first push. Never rejects. */
  async resolveSecrets(): Promise<void> {
    const { signal } = this.#closed;
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
        this.#closed.abort();
        this.#exporter = this.#open();
        throw error;
      }
      const half = Math.ceil(pointsOf(metrics) / 2);
      for (const part of batches(metrics, half)) await this.push(part, signal);
    }
  }

  #open(): Export {
    const { signal } = (this.#closed = new AbortController());
    let redaction = redactionOf(this.#endpoint, []);
    return checkedExporter(this.#endpoint, {
      userAgent: `restic-otel/${this.#options.version}`,
      headers: async () => {
        const pairs = this.#headers.map(([name, value]) => headerOf(name, value, signal));
        const headers = Object.fromEntries(await Promise.all(pairs));
        redaction = redactionOf(this.#endpoint, Object.values(headers));
        return headers;
      },
      redact: (text) => redaction.apply(text),
      closed: signal,
    });
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
    signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => reject(signal.reason));
    await Promise.race([this.#exporter(metrics), aborted]);
  }
}

/** Finds the headers, and the values of the query, in text. */
function redactionOf({ url }: OtlpEndpoint, headers: readonly string[]): Redaction {
  const redaction = new Redaction();
  for (const secret of [...headers, ...new URL(url).searchParams.values()]) redaction.add(secret);
  return redaction;
}

async function headerOf(
  name: string,
  value: SecretHandle,
  signal: AbortSignal,
): Promise<readonly [name: string, text: string]> {
  const text = (await value.current(signal)).revealText();
  try {
    validateHeaderValue(name, text);
  } catch {
    const message = `the header ${JSON.stringify(name)} has characters that cannot be sent`;
    throw new AgentError("config", message);
  }
  return [name, text];
}
