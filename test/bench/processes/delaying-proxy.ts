import { connect, createServer } from "node:net";
import type { Socket } from "node:net";

interface DelayingProxy {
  readonly url: string;
  close(): void;
}

/** Forwards TCP connections, and delays the data by `delayMs` in each direction. */
export async function startDelayingProxy(target: URL, delayMs: number): Promise<DelayingProxy> {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    const pass = (from: Socket, to: Socket): void => {
      from.on("data", (chunk) => setTimeout(() => to.write(chunk), delayMs));
      from.on("close", () => setTimeout(() => to.destroy(), delayMs));
      from.on("error", () => {});
    };
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new TypeError("not a TCP server");
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}
