import { once } from "node:events";
import { lstat, unlink } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import { AgentError, isStaleSocket, toAgentError } from "restic-otel-instrumentation/internal";

import { formatBind } from "../settings/bind.ts";
import type { Bind, UnixBind } from "../settings/bind.ts";

/** A socket that listens already: the service manager has opened it. */
export interface Inherited {
  /** Its descriptor. */
  readonly fd: number;
}

/** Families beside IPv4 and IPv6: what their address is, is written behind their name and a colon. */
const OTHER_FAMILIES: ReadonlySet<string> = new Set(["unix", "fd"]);

/** An address as somebody would write it into the settings. */
export function formatAddress({ family, address, port }: AddressInfo): string {
  return OTHER_FAMILIES.has(family) ? `${family}:${address}` : formatBind({ host: address, port });
}

/**
 * Begins to listen; a socket in the file system that nobody answers on any more is replaced.
 * @throws AgentError `config` that says how to mend it
 */
export async function listen(server: Server, at: Bind | Inherited): Promise<AddressInfo> {
  if ("path" in at) await replaceStale(at);
  begin(server, at);
  try {
    await once(server, "listening");
  } catch (error) {
    throw cannotListen(error, at);
  }
  const address = server.address();
  if (typeof address === "string") return { address, family: "unix", port: 0 };
  // Of an inherited socket in the file system the library tells no path.
  return address ?? { address: "fd" in at ? String(at.fd) : "", family: "fd", port: 0 };
}

function begin(server: Server, at: Bind | Inherited): void {
  if ("fd" in at) server.listen({ fd: at.fd });
  else if (!("path" in at))
    server.listen(at.host ? { host: at.host, port: at.port } : { port: at.port });
  else if (at.mode === undefined) server.listen({ path: at.path });
  else {
    // The file is made within this call: with the mask there is no moment in which others may use it.
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
    "the address is in use: stop what listens there, or set another address with --bind",
  ],
  ["EACCES", "not permitted: set a port of 1024 or above with --bind"],
  [
    "EADDRNOTAVAIL",
    "no interface has that address: set one of this machine with --bind, or :PORT for all",
  ],
  ["ENOTFOUND", "no such host: set an address of this machine with --bind, or :PORT for all"],
]);

function cannotListen(cause: unknown, at: Bind | Inherited): AgentError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const known = "path" in at && code === "EACCES" ? NO_WRITING : HINTS.get(code);
  const [where, other] =
    "fd" in at
      ? [`the inherited socket ${at.fd}`, "is it one that listens (Accept=no)?"]
      : [formatBind(at), "set another address with --bind"];
  const reason = ("fd" in at ? undefined : known) ?? `${toAgentError(cause).message}: ${other}`;
  return new AgentError("config", `cannot listen on ${where}: ${reason}`, { cause });
}

// The library says the same of both.
const NO_WRITING = "the directory is not there, or this user may not write into it";
