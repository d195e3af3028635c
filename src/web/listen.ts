import { once } from "node:events";
import { lstat, unlink } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import { AgentError, isStaleSocket, toAgentError } from "restic-otel-instrumentation/internal";

import { formatBind } from "../settings/bind.ts";
import type { Bind, UnixBind } from "../settings/bind.ts";

/** A listening socket that the service manager has opened. */
export interface InheritedSocket {
  /** File descriptor. */
  readonly fd: number;
}

/** Families other than IPv4 and IPv6. Their addresses are formatted as `family:address`. */
const OTHER_FAMILIES: ReadonlySet<string> = new Set(["unix", "fd"]);

/** Formats an address as in the settings. */
export function formatAddress({ family, address, port }: AddressInfo): string {
  return OTHER_FAMILIES.has(family) ? `${family}:${address}` : formatBind({ host: address, port });
}

/**
 * Starts to listen. Replaces a stale Unix socket, on which no process listens any more.
 * @throws AgentError `config` with a hint
 */
export async function listen(server: Server, at: Bind | InheritedSocket): Promise<AddressInfo> {
  if ("path" in at) await replaceStale(at);
  startListening(server, at);
  try {
    await once(server, "listening");
  } catch (error) {
    throw cannotListen(error, at);
  }
  const address = server.address();
  if (typeof address === "string") return { address, family: "unix", port: 0 };
  // Node.js does not know the path of an inherited Unix socket.
  return address ?? { address: "fd" in at ? String(at.fd) : "", family: "fd", port: 0 };
}

function startListening(server: Server, at: Bind | InheritedSocket): void {
  if ("fd" in at) server.listen({ fd: at.fd });
  else if (!("path" in at))
    server.listen(at.host ? { host: at.host, port: at.port } : { port: at.port });
  else if (at.mode === undefined) server.listen({ path: at.path });
  else {
    // listen() creates the file synchronously: with the umask it never has a wider mode.
    const mask = process.umask(0o777 & ~at.mode);
    server.listen({ path: at.path });
    process.umask(mask);
  }
}

async function replaceStale({ path }: UnixBind): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() && (await isStaleSocket(path))) await unlink(path).catch(() => {});
}

const HINTS: ReadonlyMap<unknown, string> = new Map([
  [
    "EADDRINUSE",
    "the address is in use: stop the process that listens there, or set another address with --bind",
  ],
  ["EACCES", "permission denied: set a port of 1024 or above with --bind"],
  [
    "EADDRNOTAVAIL",
    "no interface has this address: set an address of this machine with --bind, or :PORT for all interfaces",
  ],
  [
    "ENOTFOUND",
    "unknown host: set an address of this machine with --bind, or :PORT for all interfaces",
  ],
]);

function cannotListen(cause: unknown, at: Bind | InheritedSocket): AgentError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const hint = "path" in at && code === "EACCES" ? NOT_WRITABLE : HINTS.get(code);
  const [where, fallback] =
    "fd" in at
      ? [`the inherited socket ${at.fd}`, "check that it is a listening socket (Accept=no)"]
      : [formatBind(at), "set another address with --bind"];
  const reason = ("fd" in at ? undefined : hint) ?? `${toAgentError(cause).message}: ${fallback}`;
  return new AgentError("config", `cannot listen on ${where}: ${reason}`, { cause });
}

// libuv reports EACCES for both.
const NOT_WRITABLE = "the directory does not exist, or this user has no permission to write to it";
