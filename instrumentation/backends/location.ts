import { AgentError } from "../core/error.ts";
import { percentDecoded } from "../core/parse-text.ts";
import { parseB2 } from "./b2/location.ts";
import type { B2Location } from "./b2/location.ts";
import { parseLocal, parsePath } from "./local/location.ts";
import type { LocalLocation } from "./local/location.ts";
import { parseContainer } from "./object-store/container-location.ts";
import type { ContainerLocation } from "./object-store/container-location.ts";
import { innerPasswords, printableUrl } from "./printable-url.ts";
import { parametersOf, parseRclone } from "./rclone/location.ts";
import type { RcloneLocation } from "./rclone/location.ts";
import { parseRest } from "./rest/location.ts";
import type { RestLocation } from "./rest/location.ts";
import { parseS3 } from "./s3/location.ts";
import type { S3Location } from "./s3/location.ts";
import { parseSftp } from "./sftp/location.ts";
import type { SftpLocation } from "./sftp/location.ts";

/** A repository string, parsed as far as its backend needs it. */
export type Location = BuiltInLocation | CustomLocation;

type BuiltInLocation =
  | LocalLocation
  | RestLocation
  | S3Location
  | B2Location
  | SftpLocation
  | RcloneLocation
  | ContainerLocation<"azure">
  | ContainerLocation<"gs">
  | ContainerLocation<"swift">;

/** A location whose backend an embedder supplies. */
interface CustomLocation {
  readonly scheme: "custom";
  readonly name: string;
  /** The part behind the colon. */
  readonly address: string;
}

/** @param printable the whole repository string without credentials */
type Parse = (
  address: string,
  invalid: (problem: string) => AgentError,
  printable: string,
) => BuiltInLocation;

const PARSERS: Readonly<Record<BuiltInLocation["scheme"], Parse>> = {
  azure: (address, invalid) => parseContainer("azure", address, invalid),
  b2: parseB2,
  gs: (address, invalid) => parseContainer("gs", address, invalid),
  local: parseLocal,
  rclone: parseRclone,
  rest: parseRest,
  s3: parseS3,
  sftp: parseSftp,
  swift: (address, invalid) => parseContainer("swift", address, invalid),
};

/**
 * Parses a repository string as restic does.
 * @param custom schemes for which an embedder supplies the backend
 * @throws AgentError `config`; the message holds no credentials
 */
export function parseLocation(repo: string, custom: readonly string[] = []): Location {
  const [, scheme = "", address = ""] = /^([^:]*):(.*)$/s.exec(repo) ?? [];
  if (scheme !== "" && custom.includes(scheme)) return { scheme: "custom", name: scheme, address };
  const parse = Object.entries(PARSERS).find(([name]) => name === scheme)?.[1];
  // The rest of an invalid string may be a login.
  const invalid = (problem: string): AgentError =>
    new AgentError(
      "config",
      parse ? `repository "${scheme}:…": ${problem}` : `repository: ${problem}`,
    );
  if (repo === "") throw invalid("the string is empty");
  if (parse) return parse(address, invalid, printableUrl(repo));
  const path = parsePath(repo);
  if (path) return path;
  const known = [...Object.keys(PARSERS), ...custom].toSorted().join(", ");
  throw invalid(`unknown scheme, known are ${known}; write a path with a colon as local:…`);
}

/** The secrets in a valid repository string: passwords, and the values of a query and of rclone's parameters. As written and decoded. */
export function credentialsIn(repo: string): readonly string[] {
  const [, remote] = /^rclone:(.*)$/s.exec(repo) ?? [];
  if (remote !== undefined) return [...parametersOf(remote), ...innerPasswords(repo)];
  if (printableUrl(repo) === repo) return [];
  const [, login = ""] = /^[^/]*:(?:\/\/)?([^/]*)@/.exec(repo) ?? [];
  const [, query = ""] = /[?#](.*)$/s.exec(repo) ?? [];
  const values = query.split(/[&?#]/).map((part) => part.slice(part.indexOf("=") + 1));
  const passwords = [login.slice(login.indexOf(":") + 1), ...innerPasswords(repo)];
  return [...passwords, ...values].flatMap((value) => [value, percentDecoded(value) ?? value]);
}
