import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { pathShown } from "../../core/shown-path.ts";
import { member, parseJsonObject, textMember } from "../../core/json.ts";
import { awsCredentials } from "./signature-v4.ts";
import type { AwsCredentials } from "./signature-v4.ts";
import { valueOf } from "../context.ts";
import type { Variables } from "../context.ts";

/** Credentials, or the reason why there are none. */
type Found = AwsCredentials | string;

const home = (environment: Variables): string => valueOf(environment, "HOME") ?? homedir();

const profileName = (environment: Variables): string =>
  valueOf(environment, "AWS_PROFILE") ?? "default";

/** The files of AWS's tools; the names are those of the options of its SDK. */
interface ProfileFiles {
  readonly filepath: string;
  readonly configFilepath: string;
}

const profileFiles = (environment: Variables): ProfileFiles => ({
  filepath:
    valueOf(environment, "AWS_SHARED_CREDENTIALS_FILE") ??
    join(home(environment), ".aws", "credentials"),
  configFilepath:
    valueOf(environment, "AWS_CONFIG_FILE") ?? join(home(environment), ".aws", "config"),
});

interface Profile {
  readonly profile: string;
  readonly files: ProfileFiles;
  readonly keys: ReadonlyMap<string, string>;
}

/** The profile of `AWS_PROFILE`, or `default`, with its keys of both files. */
export async function mergedProfile(environment: Variables): Promise<Profile> {
  const profile = profileName(environment);
  const files = profileFiles(environment);
  const [own = "", config = ""] = await Promise.all(
    [files.filepath, files.configFilepath].map(contentOf),
  );
  const name = profile === "default" ? profile : `profile ${profile}`;
  const keys = new Map([...(iniSection(config, name) ?? []), ...(iniSection(own, profile) ?? [])]);
  return { profile, files, keys };
}

/** The credentials of a profile: `AWS_SHARED_CREDENTIALS_FILE` and `AWS_PROFILE`, else `~/.aws/credentials` and `default`. */
export async function ofProfile(environment: Variables): Promise<Found> {
  const profile = profileName(environment);
  const { filepath: file } = profileFiles(environment);
  const content = await contentOf(file);
  if (content === undefined) return `${pathShown(file)} cannot be read`;
  const values = iniSection(content, profile);
  if (!values) return `${pathShown(file)} has no profile ${profile}`;
  const id = values.get("aws_access_key_id");
  const key = values.get("aws_secret_access_key");
  if (id && key) return awsCredentials(id, key, values.get("aws_session_token"));
  return `the profile ${profile} of ${pathShown(file)} lacks aws_access_key_id or aws_secret_access_key`;
}

/** The credentials of an alias of MinIO's client: `MINIO_SHARED_CREDENTIALS_FILE` and `MINIO_ALIAS`, else `~/.mc/config.json` and `s3`. */
export async function ofAlias(environment: Variables): Promise<Found> {
  const file =
    valueOf(environment, "MINIO_SHARED_CREDENTIALS_FILE") ??
    join(home(environment), ".mc", "config.json");
  const alias = valueOf(environment, "MINIO_ALIAS") ?? "s3";
  const content = await contentOf(file);
  if (content === undefined) return `${pathShown(file)} cannot be read`;
  const config = parseJsonObject(content);
  const aliases = member(config, config["version"] === "10" ? "aliases" : "hosts");
  const accessKey = textMember(member(aliases, alias), "accessKey");
  const secretKey = textMember(member(aliases, alias), "secretKey");
  return accessKey !== undefined && secretKey !== undefined
    ? awsCredentials(accessKey, secretKey)
    : `${pathShown(file)} has no keys for the alias ${alias}`;
}

/** undefined: the file cannot be read. */
async function contentOf(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch(() => undefined);
}

/** The keys of a section of an INI file, in lower case; undefined: no such section. */
export function iniSection(content: string, name: string): ReadonlyMap<string, string> | undefined {
  let values: Map<string, string> | undefined;
  let inside = false;
  for (const line of content.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim();
    if (header !== undefined) inside = header === name;
    if (inside) values ??= new Map();
    const at = line.indexOf("=");
    const key = line.slice(0, Math.max(0, at)).trim().toLowerCase();
    if (inside && /^[^#;]/.test(key)) values?.set(key, line.slice(at + 1).trim());
  }
  return values;
}
