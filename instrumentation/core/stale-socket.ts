import { connect } from "node:net";

/**
 * Whether the process that listened on a socket file is gone. Any other failure to connect than a refusal (a full queue, no
 * permission) does not show that.
 */
export function isStaleSocket(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once("connect", () => resolve(false));
  socket.once("error", (error) => resolve("code" in error && error.code === "ECONNREFUSED"));
  return promise.finally(() => socket.destroy());
}
