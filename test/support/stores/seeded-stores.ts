import { createHmac } from "node:crypto";

import { AZURITE } from "./azurite.ts";
import { putObjects } from "./put-objects.ts";
import type { RepositoryFiles } from "../repository/sealed-repository.ts";
import type { Server } from "../http/server.ts";
import { SWIFT_ACCOUNT, swiftLoginOf } from "./swift-server.ts";

type Store = Pick<Server, "url">;

/** 2096. */
export const FOREVER = 4_000_000_000_000;

/** An account SAS with these permissions on objects in containers: "Create an account SAS". */
export function accountSas(
  permissions: string,
  untilMs: number,
  account: string = AZURITE.AZURE_ACCOUNT_NAME,
): string {
  const { AZURE_ACCOUNT_KEY: key } = AZURITE;
  const parts = {
    sp: permissions,
    ss: "b",
    srt: "co",
    st: "",
    se: new Date(untilMs).toISOString().replace(/\.\d+/, ""),
    sip: "",
    spr: "https,http",
    sv: "2021-12-02",
    ses: "",
  };
  const text = `${[account, ...Object.values(parts)].join("\n")}\n`;
  const sig = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
  const given = Object.entries({ ...parts, sig }).filter(([, value]) => value !== "");
  return `?${new URLSearchParams(given).toString()}`;
}

/** Puts a repository into a new container of azurite. @returns the repository string */
export async function seedAzure(
  { url }: Store,
  container: string,
  prefix: string,
  files: RepositoryFiles,
  account: string = AZURITE.AZURE_ACCOUNT_NAME,
): Promise<string> {
  const may = accountSas("rwlc", FOREVER, account);
  const place = `${url}/${account}/${container}`;
  await made(fetch(`${place}${may}&restype=container`, { method: "PUT" }));
  const headers = { "x-ms-blob-type": "BlockBlob" };
  await putObjects(files, (name, body) =>
    fetch(`${place}/${encoded(prefix, name)}${may}`, { method: "PUT", headers, body }),
  );
  return `azure:${container}:/${prefix}`;
}

/** Puts a repository into a new bucket of fake-gcs-server. @returns the repository string */
export async function seedGcs(
  { url }: Store,
  bucket: string,
  prefix: string,
  files: RepositoryFiles,
): Promise<string> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ name: bucket });
  await made(fetch(`${url}/storage/v1/b?project=p`, { method: "POST", headers, body }));
  await putObjects(files, (name, bytes) => {
    const query = new URLSearchParams({ uploadType: "media", name: pathOf(prefix, name) });
    const upload = `${url}/upload/storage/v1/b/${bucket}/o?${query.toString()}`;
    return fetch(upload, { method: "POST", body: bytes });
  });
  return `gs:${bucket}:/${prefix}`;
}

/** Logs in to Swift. Default: as the user with all permissions. */
export async function swiftToken(
  server: Store,
  user: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { ST_AUTH = "", ST_USER = "", ST_KEY = "" } = { ...swiftLoginOf(server), ...user };
  const login = await fetch(ST_AUTH, { headers: { "x-auth-user": ST_USER, "x-auth-key": ST_KEY } });
  return login.headers.get("x-auth-token") ?? "";
}

/** Puts a repository into a new container of Swift. @returns the repository string */
export async function seedSwift(
  server: Store,
  container: string,
  prefix: string,
  files: RepositoryFiles,
): Promise<string> {
  const headers = { "x-auth-token": await swiftToken(server) };
  const place = `${server.url}/v1/${SWIFT_ACCOUNT}/${container}`;
  await made(fetch(place, { method: "PUT", headers }));
  await putObjects(files, (name, body) =>
    fetch(`${place}/${encoded(prefix, name)}`, { method: "PUT", headers, body }),
  );
  return `swift:${container}:/${prefix}`;
}

async function made(request: Promise<Response>): Promise<void> {
  const { ok, status, url } = await request;
  if (!ok) throw new Error(`${url} cannot be created: ${status}`);
}

const pathOf = (prefix: string, name: string): string =>
  [...prefix.split("/"), name].filter((part) => part !== "").join("/");

const encoded = (prefix: string, name: string): string =>
  pathOf(prefix, name).split("/").map(encodeURIComponent).join("/");
