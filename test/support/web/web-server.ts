import { once } from "node:events";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";

import { onTestFinished } from "vitest";

import { textAnswer } from "../../../src/web/response.ts";
import type { Answer, Handler } from "../../../src/web/response.ts";
import { startServer } from "../../../src/web/server.ts";
import type { WebServer } from "../../../src/web/server.ts";
import { FakeClock } from "../core/clock.ts";
import { ArrayLogger } from "../core/logger.ts";

interface Served extends WebServer {
  readonly logger: ArrayLogger;
  readonly clock: FakeClock;
}

/** Starts a server with two routes and those of the test, and stops it at the end of the test. */
export async function serve(handlers: Readonly<Record<string, Handler>> = {}): Promise<Served> {
  const logger = new ArrayLogger();
  const clock = new FakeClock();
  const routes = new Map<string, Handler>([
    ["/here", () => textAnswer(200, "here")],
    ["POST /there", () => textAnswer(200, "there")],
    ...Object.entries(handlers),
  ]);
  const bind = { host: "127.0.0.1", port: 0 };
  const server = await startServer({ bind, routes, clock, logger });
  onTestFinished(() => server.stop(0));
  return { ...server, logger, clock };
}

/** A route whose requests wait until the test answers them. */
export function slowRoute(): {
  readonly handler: Handler;
  readonly arrived: Promise<void>;
  readonly answer: (answer: Answer) => void;
} {
  const arrived = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<Answer>();
  const handler: Handler = () => {
    arrived.resolve();
    return answered.promise;
  };
  return { handler, arrived: arrived.promise, answer: answered.resolve };
}

export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Opens a connection without sending anything. */
export async function open({ port }: AddressInfo): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}
