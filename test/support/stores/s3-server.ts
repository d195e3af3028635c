import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";

import { freeAddress } from "../core/free-port.ts";
import { peerPath } from "../agent/peers.ts";
import { startServer, type Server } from "../http/server.ts";

/** The root account. rclone rejects shorter keys. */
export const S3_KEYS = {
  AWS_ACCESS_KEY_ID: "ACCESSKEY0123456789",
  AWS_SECRET_ACCESS_KEY: "SECRET+KEY/0123456789abcdefghij",
} as const;

interface S3ServerOptions {
  /** The parent folder of the buckets. */
  readonly path: string;
  /** Further arguments. */
  readonly args?: readonly string[];
  /** PEM with certificate and key. */
  readonly tls?: string;
}

interface VersitygwOptions extends S3ServerOptions {
  readonly region?: string;
  /** The folder for further accounts. */
  readonly accounts?: string;
}

/** Starts versitygw, which checks signatures as Amazon does. Its log has one line for each request. */
export async function startVersitygw({
  path,
  args = [],
  region = "us-east-1",
  tls,
  accounts,
}: VersitygwOptions): Promise<Server> {
  await mkdir(path, { recursive: true });
  const scheme = tls === undefined ? "http" : "https";
  const address = await freeAddress();
  return startServer({
    command: peerPath("versitygw"),
    args: [
      "--port",
      address,
      "--region",
      region,
      "--health",
      "/health",
      "--access-log",
      "-",
      ...(tls === undefined ? [] : ["--cert", tls, "--key", tls]),
      ...(accounts === undefined ? [] : ["--iam-dir", accounts, "--iam-cache-disable"]),
      ...args,
      "posix",
      path,
    ],
    announces: /listening on:[^]*?https?:\/\/(\S+)/,
    url: (listening) => `${scheme}://${listening}`,
    // It announces the address before it listens.
    ready: async () => acceptsConnections(address),
    env: {
      ROOT_ACCESS_KEY: S3_KEYS.AWS_ACCESS_KEY_ID,
      ROOT_SECRET_KEY: S3_KEYS.AWS_SECRET_ACCESS_KEY,
    },
  });
}

async function acceptsConnections(address: string): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.destroy();
  return true;
}

/** Starts `rclone serve s3`. */
export async function startRcloneS3({ path, args = [] }: S3ServerOptions): Promise<Server> {
  await mkdir(path, { recursive: true });
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key } = S3_KEYS;
  return startServer({
    command: peerPath("rclone"),
    args: [
      "serve",
      "s3",
      "--addr",
      "127.0.0.1:0",
      "--auth-key",
      `${id},${key}`,

      "--config",
      join(path, "..", "rclone.conf"),
      ...args,
      path,
    ],
    announces: /Starting s3 server on \[http:\/\/([^\]/]+)/,
    url: (address) => `http://${address}`,
  });
}
