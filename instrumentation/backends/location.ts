import { AgentError } from "../core/error.ts";
import { Secret } from "../core/secret.ts";
import { parseB2 } from "./b2/location.ts";
import type { B2Location } from "./b2/location.ts";
import { parseContainer } from "./object-store/container-location.ts";
import type { ContainerLocation } from "./object-store/container-location.ts";
import { parseRclone } from "./rclone/location.ts";
import type { RcloneLocation } from "./rclone/location.ts";
import { parseS3 } from "./s3/location.ts";
import type { S3Location } from "./s3/location.ts";
import { parseSftp } from "./sftp/location.ts";
import type { SftpLocation } from "./sftp/location.ts";

/** Where a repository is, taken apart as far as its backend needs it. */
export type Location =
  | LocalLocation
  | RestLocation
  | S3Location
  | B2Location
  | SftpLocation
  | RcloneLocation
  | ContainerLocation<"azure">
  | ContainerLocation<"gs">
  | ContainerLocation<"swift">
  | CustomLocation;

/** A place that somebody else brings the backend for. */
interface CustomLocation {
  readonly scheme: "custom";
  readonly name: string;
  /** What stands behind the colon. */
  readonly address: string;
}

export interface LocalLocation {
  readonly scheme: "local";
  readonly path: string;
}

export interface RestLocation {
  readonly scheme: "rest";
  /** `http` or `https`, without user, with a trailing slash; the host means nothing if there is a socket. */
  readonly base: string;
  readonly socketPath: string | undefined;
  /** From the address; undefined if it names neither user nor password. */
  readonly login: { readonly username: string; readonly password: Secret } | undefined;
}

const SCHEMES = ["azure", "b2", "gs", "local", "rclone", "rest", "s3", "sftp", "swift"] as const;

/**
 * Reads restic's repository string as restic does.
 * @param custom schemes for which an embedder supplies the backend
 * @throws AgentError `config`; the message holds no credentials
 */
export function parseLocation(repo: string, custom: readonly string[] = []): Location {
  if (repo === "") throw invalid(repo, "it is empty");
  const colon = repo.indexOf(":");
  const scheme = colon < 0 ? repo : repo.slice(0, colon);
  const rest = repo.slice(colon + 1);
  if (colon < 0) return { scheme: "local", path: repo };
  if (custom.includes(scheme)) return { scheme: "custom", name: scheme, address: rest };
  if (scheme === "local") {
    if (rest === "") throw invalid(repo, "there is no path behind local:");
    return { scheme, path: rest };
  }
  if (scheme === "rest") return parseRest(repo, rest);
  if (scheme === "s3") return parseS3(rest, (problem) => invalid(repo, problem));
  if (scheme === "b2") return parseB2(rest, (problem) => invalid(repo, problem));
  if (scheme === "sftp") return parseSftp(rest, (problem) => invalid(repo, problem));
  if (scheme === "rclone")
    return parseRclone(rest, (problem) => invalid(repo, problem), printableUrl(repo));
  if (scheme === "azure" || scheme === "gs" || scheme === "swift")
    return parseContainer(scheme, rest, (problem) => invalid(repo, problem));
  if (/^(\/|\\|\.\.[/\\]|[A-Za-z]:[/\\])/.test(repo)) return { scheme: "local", path: repo };
  const known = [...SCHEMES, ...custom].toSorted().join(", ");
  throw invalid(
    repo,
    `the scheme "${scheme}" is not known; known are ${known}; a path that looks like one is written local:…`,
  );
}

function parseRest(repo: string, address: string): RestLocation {
  if (address.startsWith("http+unix://"))
    return parseSocket(repo, address.slice("http+unix://".length));
  if (!/^https?:\/\//.test(address))
    throw invalid(repo, "an address like rest:https://host:8000/path/ is needed");
  const url = URL.parse(address);
  if (!url)
    throw invalid(
      repo,
      "it is not a valid address; special characters of user and password must be percent-encoded",
    );
  const login =
    url.username === "" && url.password === ""
      ? undefined
      : { username: decode(repo, url.username), password: new Secret(decode(repo, url.password)) };
  return {
    scheme: "rest",
    base: withSlash(url.origin + url.pathname),
    socketPath: undefined,
    login,
  };
}

/** `/path/of.sock:/path/of/repository/`: the colon parts them, and is needed also for the root. */
function parseSocket(repo: string, address: string): RestLocation {
  const colon = address.indexOf(":");
  if (!address.startsWith("/") || colon < 0)
    throw invalid(repo, "a socket is written rest:http+unix:///run/rest.sock:/path/");
  const url = URL.parse(address.slice(colon + 1) || "/", "http://localhost");
  if (!url) throw invalid(repo, "the path behind the socket is not valid");
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

function decode(repo: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(repo, "user or password has a % that begins no percent-encoding: write it %25");
  }
}

function invalid(repo: string, problem: string): AgentError {
  return new AgentError("config", `repository "${printableUrl(repo)}": ${problem}`);
}

/** Schemes that are followed by a whole URL. */
const NESTED: ReadonlySet<string> = new Set(["rest", "s3", "azure", "gs", "b2", "swift"]);

/**
 * The repository string without credentials, otherwise as it was written: the label `url`.
 * A user of sftp belongs to the address and stays.
 */
export function printableUrl(repo: string): string {
  if (repo.startsWith("rclone:")) return repo.replace(/^(rclone::?[^,:]*),.*:/s, "$1:");
  if (/^s3:(?!https?:|\/\/)/.test(repo)) return repo.replace(/^s3:[^/]*@/, "s3:");
  const slashes = repo.indexOf("//");
  // A typing error in a scheme must not show what stands behind it.
  const scheme = /^([a-z][\w+.-]+):/i.exec(repo)?.[1];
  if (scheme === undefined || scheme === "local" || slashes < 0) return repo;
  const authority = slashes + 2;
  const valid = URL.canParse(NESTED.has(scheme) ? repo.slice(scheme.length + 1) : repo);
  const slash = repo.indexOf("/", authority);
  const end = valid ? (slash < 0 ? repo.length : slash) : repo.length;
  const at = repo.lastIndexOf("@", end - 1);
  const head = repo.slice(0, authority);
  const clean =
    at < authority
      ? repo
      : head + (scheme === "sftp" ? user(repo.slice(authority, at)) : "") + repo.slice(at + 1);
  return clean.replace(/[?#].*$/s, "");
}

function user(userInfo: string): string {
  const colon = userInfo.indexOf(":");
  return `${colon < 0 ? userInfo : userInfo.slice(0, colon)}@`;
}
