import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { AgentError } from "../core/error.ts";
import { textOf } from "./auth-settings.ts";
import type { Environment, Report } from "./auth-settings.ts";
import { isJsonObject } from "../core/json.ts";
import { BOOLEAN, described, TEXT } from "../core/json-schema.ts";
import type { Properties } from "../core/json-schema.ts";
import { parseBool } from "../core/parse-text.ts";
import { holdsCertificate, readPem } from "../http/pem.ts";

/** Paths of PEM files, except `caPem`. The files are read for each request: they may change, or appear later. */
export interface VaultTls {
  readonly ca: string | undefined;
  /** PEM. `ca` overrides `caPem`, and `caPem` overrides `caPath`, as in Vault's own client. */
  readonly caPem: string | undefined;
  /** A folder of PEM files. */
  readonly caPath: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly skipVerify: boolean;
}

/** The content of the files, PEM. */
export interface TlsMaterial {
  readonly ca: string | undefined;
  readonly clientCertificate: string | undefined;
}

/** The keys of `vault.tls`. */
export const TLS_PROPERTIES: Properties = {
  ca: described("PEM file with the certificates of trusted authorities", TEXT),
  caPath: described("folder of such files", TEXT),
  cert: described("PEM file with the client certificate", TEXT),
  key: described("PEM file with the key of the client certificate", TEXT),
  serverName: described("name in the certificate of the server", TEXT),
  skipVerify: described("accept any certificate of the server", BOOLEAN),
};

/** Checks `vault.tls`; the variables of Vault's own client override it. */
export function parseTls(
  value: unknown,
  env: Environment,
  report: Report,
  reportVariable: (variable: string, message: string) => void,
): VaultTls {
  if (value !== undefined && !isJsonObject(value)) report([], "must be a mapping");
  const section = isJsonObject(value) ? value : {};
  const either = (key: string, variable: string): string | undefined => {
    const setting = textOf(section, key, report);
    return env[variable] ?? setting;
  };
  const { skipVerify = false } = section;
  if (typeof skipVerify !== "boolean") report(["skipVerify"], "must be true or false");
  const { VAULT_SKIP_VERIFY: skip } = env;
  const envSkip = skip === undefined ? undefined : parseBool(skip);
  if (skip !== undefined && envSkip === undefined)
    reportVariable("VAULT_SKIP_VERIFY", "must be true or false");
  const tls = {
    ca: either("ca", "VAULT_CACERT"),
    caPem: env["VAULT_CACERT_BYTES"],
    caPath: either("caPath", "VAULT_CAPATH"),
    cert: either("cert", "VAULT_CLIENT_CERT"),
    key: either("key", "VAULT_CLIENT_KEY"),
    serverName: either("serverName", "VAULT_TLS_SERVER_NAME"),
    skipVerify: envSkip ?? skipVerify === true,
  };
  if ((tls.cert === undefined) !== (tls.key === undefined))
    report([], "cert and key (VAULT_CLIENT_CERT and VAULT_CLIENT_KEY) belong together");
  return tls;
}

/** Reads the files. @throws AgentError `secret`, naming the file */
export async function readTls({ ca, caPem, caPath, cert, key }: VaultTls): Promise<TlsMaterial> {
  const [trusted, certificate, privateKey] = await Promise.all([
    ca === undefined ? (caPem ?? (caPath && readFolder(caPath))) : readVaultPem(ca),
    cert && readVaultPem(cert),
    key && readVaultPem(key),
  ]);
  if (trusted !== undefined && !holdsCertificate(trusted))
    throw new AgentError("secret", `${ca ?? caPath ?? "VAULT_CACERT_BYTES"} holds no certificate`);
  return {
    ca: trusted || undefined,
    clientCertificate: certificate && privateKey && `${certificate}\n${privateKey}`,
  };
}

async function readFolder(folder: string): Promise<string> {
  const names = await readdir(folder).catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const message = `TLS with Vault: the folder ${folder} cannot be read (${code})`;
    throw new AgentError("secret", message, { cause });
  });
  const contents = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      const isFile = await stat(file).then(
        (found) => found.isFile(),
        () => false,
      );
      return isFile ? readVaultPem(file) : "";
    }),
  );
  return contents.join("\n");
}

function readVaultPem(file: string): Promise<string> {
  return readPem(file, "TLS with Vault", "secret");
}
