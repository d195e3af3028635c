import { badValue } from "restic-otel-instrumentation/internal";

import type { Format } from "./formats.ts";

/** A TCP address. */
interface TcpBind {
  /** undefined: all interfaces. */
  readonly host: string | undefined;
  readonly port: number;
}

/** A Unix domain socket. */
export interface UnixBind {
  /** Absolute. */
  readonly path: string;
  /** File mode; undefined: from the umask of the process. */
  readonly mode: number | undefined;
}

/** An address to listen on. */
export type Bind = TcpBind | UnixBind;

const TCP = /^(?:\[(?<v6>[0-9a-fA-F:.]+(?:%\w+)?)\]|(?<host>[^:[\]\s]*)):(?<port>\d{1,5})$/;
const UNIX = /^unix:(?<path>\/[^?,\0]*[^?,/\0])(?:\?mode=(?<mode>0?[0-7]{3}))?$/;
const NONE = "none";

/** `sun_path` of unix(7) has 108 bytes including the terminating zero. */
const MAX_PATH_BYTES = 107;

/** Loose: text with a port or a socket, or `none`. */
const ADDRESS = { type: "string", pattern: `^${NONE}$|:\\d|^\\s*unix:/|,\\s*unix:/` };

/** One address, a list of addresses (comma-separated in a variable), or `none`. */
export const bind: Format<readonly Bind[]> = {
  schema: { anyOf: [ADDRESS, { type: "array", minItems: 1, items: ADDRESS }] },
  repeatable: true,
  check(value) {
    if (value === NONE) return undefined;
    const addresses = listOf(value);
    for (const address of addresses) {
      const bound = parseBind(address);
      if (typeof bound === "string") return badValue(address) + bound;
    }
    return addresses.length === 0 ? EXPECTED : undefined;
  },
  // `none` is no address: the list is empty.
  parse: (value) =>
    listOf(value)
      .map(parseBind)
      .filter((bound) => typeof bound !== "string"),
};

const EXPECTED =
  'must be "host:port", "[::1]:port", ":port" for all interfaces, "unix:/path?mode=0660", a list of these, or "none"';

/** Returns the address, or what is wrong with it. */
function parseBind(address: unknown): Bind | string {
  if (typeof address !== "string") return EXPECTED;
  if (address.startsWith("unix:")) {
    const { path, mode } = UNIX.exec(address)?.groups ?? {};
    if (path === undefined)
      return 'must be "unix:/path" with an absolute path, or "unix:/path?mode=0660"';
    if (Buffer.byteLength(path) > MAX_PATH_BYTES)
      return `the socket path is longer than ${MAX_PATH_BYTES} bytes`;
    return { path, mode: mode === undefined ? undefined : parseInt(mode, 8) };
  }
  const { v6, host, port } = TCP.exec(address)?.groups ?? {};
  if (port === undefined) return EXPECTED;
  if (Number(port) > 65_535) return "the port is out of range: the maximum is 65535";
  return { host: v6 ?? (host || undefined), port: Number(port) };
}

function listOf(value: unknown): readonly unknown[] {
  if (typeof value === "string") return value.split(",").map((part) => part.trim());
  return Array.isArray(value) ? value : [];
}

/** Formats an address as in the settings, without the mode of a socket. */
export function formatBind(bound: Bind): string {
  if ("path" in bound) return `unix:${bound.path}`;
  const { host, port } = bound;
  return `${host?.includes(":") ? `[${host}]` : (host ?? "")}:${port}`;
}
