import type { Format } from "./formats.ts";

/** A port of TCP. */
interface TcpBind {
  /** Undefined for all interfaces. */
  readonly host: string | undefined;
  readonly port: number;
}

/** A socket in the file system. */
export interface UnixBind {
  /** Absolute. */
  readonly path: string;
  /** Undefined: as the umask of the process has it. */
  readonly mode: number | undefined;
}

/** Where the agent listens. */
export type Bind = TcpBind | UnixBind;

const TCP = /^(?:\[(?<v6>[0-9a-fA-F:.]+(?:%\w+)?)\]|(?<host>[^:[\]\s]*)):(?<port>\d{1,5})$/;
const UNIX = /^unix:(?<path>\/[^?,\0]*[^?,/\0])(?:\?mode=(?<mode>0?[0-7]{3}))?$/;
const NOWHERE = "none";

/** What fits into an address of the kernel, with a zero at its end. */
const MAX_PATH_BYTES = 107;

/** One address, a list of them (in a variable parted by commas), or `none`. */
export const bind: Format<readonly Bind[]> = {
  repeatable: true,
  check(value) {
    if (value === NOWHERE) return undefined;
    const addresses = listOf(value);
    return addresses.length === 0 ? WRONG : addresses.map(wrongBind).find(Boolean);
  },
  parse: (value) => (value === NOWHERE ? [] : listOf(value).map((one) => parseBind(String(one)))),
};

const WRONG =
  'must be "host:port", "[::1]:port", ":port" for all interfaces, "unix:/path?mode=0660", a list of these, or "none"';

function wrongBind(address: unknown): string | undefined {
  if (typeof address !== "string") return WRONG;
  if (address.startsWith("unix:")) {
    const path = UNIX.exec(address)?.groups?.["path"];
    if (path === undefined)
      return `"${address}" must be "unix:/path" with an absolute path, or "unix:/path?mode=0660"`;
    return Buffer.byteLength(path) <= MAX_PATH_BYTES
      ? undefined
      : `the path of a socket has at most ${MAX_PATH_BYTES} bytes: ${path}`;
  }
  const port = TCP.exec(address)?.groups?.["port"];
  if (port === undefined) return WRONG;
  return Number(port) <= 65_535 ? undefined : `port ${port} is not one: the highest is 65535`;
}

function parseBind(address: string): Bind {
  const { path, mode } = UNIX.exec(address)?.groups ?? {};
  if (path !== undefined) return { path, mode: mode === undefined ? undefined : parseInt(mode, 8) };
  const { v6, host, port } = TCP.exec(address)?.groups ?? {};
  return { host: v6 ?? (host || undefined), port: Number(port) };
}

function listOf(value: unknown): readonly unknown[] {
  if (typeof value === "string") return value.split(",").map((part) => part.trim());
  return Array.isArray(value) ? value : [];
}

/** An address as it is written; the mode of a socket is no part of it. */
export function formatBind(bound: Bind): string {
  if ("path" in bound) return `unix:${bound.path}`;
  const { host, port } = bound;
  return `${host?.includes(":") ? `[${host}]` : (host ?? "")}:${port}`;
}
