import type { AgentError } from "../../core/error.ts";
import { percentDecoded } from "../../core/parse-text.ts";
import { Secret } from "../../core/secret.ts";

export interface RestLocation {
  readonly scheme: "rest";
  /** `http` or `https`, without user, with a trailing slash. With `socketPath` the host has no meaning. */
  readonly base: string;
  readonly socketPath: string | undefined;
  /** The user and password of the URL; undefined if it has neither. */
  readonly login: { readonly username: string; readonly password: Secret } | undefined;
}

/**
 * The part behind `rest:`, as restic reads it: an http(s) URL, or `http+unix:///path/of.sock:/path/`.
 * @param invalid makes the error for a problem
 */
export function parseRest(address: string, invalid: (problem: string) => AgentError): RestLocation {
  // URL.parse leaves out line breaks and tabs, and slashes before the host: a login behind them would not be seen.
  if (/\p{Cc}/u.test(address)) throw invalid("control characters are not allowed");
  if (address.startsWith("http+unix://"))
    return parseSocket(address.slice("http+unix://".length), invalid);
  if (!/^https?:\/\/(?:[^/\\]|$)/.test(address))
    throw invalid("the address is invalid, expected rest:https://host:8000/path/");
  const url = URL.parse(address);
  if (!url)
    throw invalid(
      "the address is invalid; special characters in user and password must be percent-encoded",
    );
  const [username, password] = [url.username, url.password].map(percentDecoded);
  if (username === undefined || password === undefined)
    throw invalid("user or password has an invalid percent-encoding: write % as %25");
  const hasLogin = username !== "" || password !== "";
  return {
    scheme: "rest",
    base: withSlash(url.origin + url.pathname),
    socketPath: undefined,
    login: hasLogin ? { username, password: new Secret(password) } : undefined,
  };
}

/** `/path/of.sock:/path/of/repository/`: the colon is needed for the root as well. */
function parseSocket(address: string, invalid: (problem: string) => AgentError): RestLocation {
  const colon = address.indexOf(":");
  if (!address.startsWith("/") || colon < 0)
    throw invalid("the socket address is invalid, expected rest:http+unix:///run/rest.sock:/path/");
  const path = address.slice(colon + 1) || "/";
  const url = /^\/(?![/\\])/.test(path) ? URL.parse(path, "http://localhost") : undefined;
  if (!url) throw invalid("the path after the socket is invalid");
  return {
    scheme: "rest",
    base: withSlash(`http://localhost${url.pathname}`),
    socketPath: address.slice(0, colon),
    login: undefined,
  };
}

function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}
