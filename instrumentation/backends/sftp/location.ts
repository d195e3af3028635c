import { posix } from "node:path";

import type { AgentError } from "../../core/error.ts";

export interface SftpLocation {
  readonly scheme: "sftp";
  /** Undefined: ssh decides. */
  readonly user: string | undefined;
  /** A name that ssh's settings may know; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: string | undefined;
  /** Cleaned; relative to the home directory unless it begins with a slash. */
  readonly path: string;
}

/**
 * What stands behind `sftp:`, as restic reads it: `user@host:path`, or `//user@host:port/path` whose path is relative without a
 * second slash. A password means nothing to ssh.
 * @param invalid makes the error for a problem
 */
export function parseSftp(address: string, invalid: (problem: string) => AgentError): SftpLocation {
  const parts = address.startsWith("//") ? parseUrl(address, invalid) : parsePair(address, invalid);
  const path = posix.join(parts.path).replace(/(?<=.)\/$/, "");
  if (parts.host === "") throw invalid("it names no host: sftp:user@host:path");
  // ssh would take it for an option, and an option may run any command.
  if (parts.host.startsWith("-") || parts.user?.startsWith("-"))
    throw invalid("host and user must not begin with -");
  if (/\p{Cc}/u.test(parts.host + (parts.user ?? "") + path))
    throw invalid("it holds a control character");
  if (path.startsWith("~"))
    throw invalid("the path begins with ~: write it relative to the home directory, without ~/");
  return { scheme: "sftp", ...parts, user: parts.user || undefined, path };
}

type Parts = Omit<SftpLocation, "scheme">;

function parseUrl(address: string, invalid: (problem: string) => AgentError): Parts {
  // The path as it stands: a URL would resolve its dots before it is cleaned.
  const [, authority = "", path = ""] = /^\/\/([^/?#]*)\/?([^?#]*)/s.exec(address) ?? [];
  const url = URL.parse(`sftp://${authority}/`);
  if (!url || !/^\/\/[^/?#]*\//.test(address))
    throw invalid("an address like sftp://user@host:22/path is needed");
  const decode = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw invalid("it has a % that begins no percent-encoding: write it %25");
    }
  };
  return {
    user: decode(url.username),
    host: decode(url.hostname).replace(/^\[(.*)\]$/, "$1"),
    port: url.port || undefined,
    path: decode(path),
  };
}

/** The first colon parts host and path; a user may hold an @. */
function parsePair(address: string, invalid: (problem: string) => AgentError): Parts {
  const [, login, path = ""] = /^([^:]*):(.*)$/s.exec(address) ?? [];
  if (login === undefined) throw invalid("there is no path: sftp:user@host:path");
  const [, user, host = ""] = /^(?:([^@]*(?:@[^@]*)?)@)?(.*)$/s.exec(login) ?? [];
  return { user, host, port: undefined, path };
}

/** As restic takes it. */
export function sftpAddress({ user, host, port, path }: SftpLocation): string {
  const login = user === undefined ? "" : `${user}@`;
  if (port === undefined && !host.includes(":")) return `sftp:${login}${host}:${path}`;
  const name = host.includes(":") ? `[${host}]` : host;
  return `sftp://${login}${name}${port === undefined ? "" : `:${port}`}/${path}`;
}
