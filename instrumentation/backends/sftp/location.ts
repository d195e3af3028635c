import { posix } from "node:path";

import type { AgentError } from "../../core/error.ts";
import { percentDecoded } from "../../core/parse-text.ts";

export interface SftpLocation {
  readonly scheme: "sftp";
  /** undefined: ssh decides. */
  readonly user: string | undefined;
  /** A host name or an alias in ssh_config; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: string | undefined;
  /** Normalised; relative to the home directory unless it begins with a slash. */
  readonly path: string;
}

/**
 * The part behind `sftp:`, as restic reads it: `user@host:path`, or `//user@host:port/path`, whose path is relative without a
 * second slash. restic ignores a password.
 * @param invalid makes the error for a problem
 */
export function parseSftp(address: string, invalid: (problem: string) => AgentError): SftpLocation {
  const parts = address.startsWith("//") ? parseUrl(address, invalid) : parsePair(address, invalid);
  const path = posix.join(parts.path).replace(/(?<=.)\/$/, "");
  if (parts.host === "") throw invalid("the host is missing, expected sftp:user@host:path");
  // ssh would take such a host for an option, which may run any command.
  if (parts.host.startsWith("-") || parts.user?.startsWith("-"))
    throw invalid("host and user must not begin with -");
  if (/\p{Cc}/u.test(parts.host + (parts.user ?? "") + path))
    throw invalid("control characters are not allowed");
  if (path.startsWith("~"))
    throw invalid(
      "the path begins with ~: a path without leading slash is relative to the home directory",
    );
  return { scheme: "sftp", ...parts, user: parts.user || undefined, path };
}

type Parts = Omit<SftpLocation, "scheme">;

function parseUrl(address: string, invalid: (problem: string) => AgentError): Parts {
  // Not by URL.parse, which removes `..` at the root.
  const [, authority = "", encodedPath = ""] = /^\/\/([^/?#]*)\/?([^?#]*)/s.exec(address) ?? [];
  const url = URL.parse(`sftp://${authority}/`);
  if (!url || !/^\/\/[^/?#]*\//.test(address))
    throw invalid("the address is invalid, expected sftp://user@host:22/path");
  const parts = [url.username, url.hostname, encodedPath];
  const [user, host, path] = parts.map(percentDecoded);
  if (user === undefined || host === undefined || path === undefined)
    throw invalid("the address has an invalid percent-encoding: write % as %25");
  return { user, host: host.replace(/^\[(.*)\]$/, "$1"), port: url.port || undefined, path };
}

/** The first colon ends the host; the user may contain an @. */
function parsePair(address: string, invalid: (problem: string) => AgentError): Parts {
  const [, login, path = ""] = /^([^:]*):(.*)$/s.exec(address) ?? [];
  if (login === undefined) throw invalid("the path is missing, expected sftp:user@host:path");
  // `user:password@host:path`: restic takes the user for a host, and the password would be a part of the path.
  const [, beforeAt = ""] = /^([^/@]*)@/.exec(path) ?? [];
  if (beforeAt.includes(":") || /^[^@:]*@[^/:]*:/.test(path))
    throw invalid("the address must not contain a password: ssh uses keys or its agent");
  if (!login.includes("@") && /^(?!\.\/)[^/@]+@/.test(path))
    throw invalid(
      "the path looks like a password before a host: write sftp:user@host:path without a password, or ./ before a relative path",
    );
  const [, user, host = ""] = /^(?:([^@]*(?:@[^@]*)?)@)?(.*)$/s.exec(login) ?? [];
  return { user, host, port: undefined, path };
}

/** The repository string of a location. */
export function sftpAddress({ user, host, port, path }: SftpLocation): string {
  const login = user === undefined ? "" : `${user}@`;
  if (port === undefined && !host.includes(":")) return `sftp:${login}${host}:${path}`;
  const name = host.includes(":") ? `[${host}]` : host;
  return `sftp://${login}${name}${port === undefined ? "" : `:${port}`}/${path}`;
}
