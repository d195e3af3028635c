import { Agent, request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import type { AddressInfo } from "node:net";

export interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: a new connection. */
  readonly agent?: Agent;
}

/** Sends one request as given: the path is not normalised, the body not decoded. */
export async function call(
  { port }: AddressInfo,
  path: string,
  { method = "GET", headers = {}, agent = new Agent() }: Call = {},
): Promise<Reply> {
  const sent = request({ host: "127.0.0.1", port, path, method, headers, agent }).end();
  return new Promise((resolve, reject) => {
    sent.once("error", reject);
    sent.once("response", (response) => {
      buffer(response).then(
        (body) => resolve({ status: response.statusCode, headers: response.headers, body }),
        reject,
      );
    });
  });
}
