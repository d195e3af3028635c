import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";

import { onTestFinished } from "vitest";

interface Received {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** The responses to the next requests. */
  readonly answers: ReceiverAnswer[];
  /** The response to all other requests. Default: an empty JSON object. */
  otherwise: ReceiverAnswer;
}

export type ReceiverAnswer = (response: ServerResponse) => void;

/** An OTLP receiver that records requests and sends the responses of the test. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const answers: ReceiverAnswer[] = [];
  const receiver: Receiver = { url: "", received, answers, otherwise: reply(200, "{}") };
  const server = createServer((request, response) => {
    void buffer(request).then((sent) => {
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      received.push({ path: request.url, headers: request.headers, body });
      const answer = answers.shift() ?? receiver.otherwise;
      answer(response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port }: AddressInfo = Object(server.address());
  return Object.assign(receiver, { url: `http://127.0.0.1:${port}/v1/metrics` });
}

export function reply(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = { "content-type": "application/json" },
): ReceiverAnswer {
  return (response) => response.writeHead(status, headers).end(body);
}
