import { createPrivateKey, X509Certificate } from "node:crypto";
import { dirname, resolve } from "node:path";
import { createSecureContext } from "node:tls";
import type { TlsOptions } from "node:tls";

import { AgentError, toAgentError } from "restic-otel-instrumentation/internal";
import type { Problem } from "restic-otel-instrumentation/internal";

import { SettingsDocument } from "../../settings/document.ts";
import { FileTexts } from "./file-texts.ts";
import { secureOptions } from "./secure-options.ts";
import type { PemTexts } from "./secure-options.ts";
import type { Pem, TlsConfig } from "./tls-config.ts";
import { FIXED_KEYS, parseWebConfig } from "./web-config.ts";
import type { WebConfig } from "./web-config.ts";

/** A web config with the contents of its files. */
export interface LoadedWebConfig extends WebConfig {
  /** Defined if and only if `tls` is. */
  readonly secure: TlsOptions | undefined;
}

/** The result of reading a web config. */
export type Reading = {
  /** The config file and the files that it refers to. */
  readonly texts: FileTexts;
} & ({ readonly loaded: LoadedWebConfig } | { readonly error: AgentError });

/** Reads and checks a web config completely, so that a valid one works. Never rejects. */
export async function readWebConfig(file: string): Promise<Reading> {
  const texts = new FileTexts();
  try {
    const document = new SettingsDocument(file, await texts.read(file), {
      scalars: "written",
      keys: FIXED_KEYS,
    });
    if (document.problems.length > 0) throw new AgentError("config", document.problems.join("\n"));
    const fail = (problems: readonly Problem[]): never => {
      const lines = problems.map(({ path, message }) => document.problem(path, message));
      throw new AgentError("config", lines.join("\n"));
    };
    const config = parseWebConfig(document.value);
    if ("problems" in config) return fail(config.problems);
    if (!config.tls) return { texts, loaded: { ...config, secure: undefined } };
    const { tls, http2 } = config;
    const pem = await readPem(tls, dirname(file), texts);
    if ("problems" in pem) return fail(pem.problems);
    const secure = secureOptions(tls, pem, http2);
    const problems = pemProblems(secure, pem).map((message) => ({
      path: ["tls_server_config"],
      message,
    }));
    return problems.length > 0 ? fail(problems) : { texts, loaded: { ...config, secure } };
  } catch (error) {
    return { texts, error: toAgentError(error) };
  }
}

async function readPem(
  tls: TlsConfig,
  folder: string,
  files: FileTexts,
): Promise<PemTexts | { readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const read = async (pem: Pem, key: string): Promise<string> => {
    if ("inline" in pem) return pem.inline;
    try {
      return await files.read(resolve(folder, pem.file));
    } catch (error) {
      problems.push({
        path: ["tls_server_config", `${key}_file`],
        message: toAgentError(error).message,
      });
      return "";
    }
  };
  const texts = {
    cert: await read(tls.cert, "cert"),
    key: await read(tls.key, "key"),
    clientCa: tls.clientCa && (await read(tls.clientCa, "client_ca")),
  };
  return problems.length > 0 ? { problems } : texts;
}

/** OpenSSL's messages contain no secrets, but are vague: check each part alone first. */
function pemProblems(secure: TlsOptions, { cert, key, clientCa }: PemTexts): readonly string[] {
  const parts = [
    { name: "cert", invalid: !certificates(cert), message: "contains no PEM certificate" },
    {
      name: "key",
      invalid: failureOf(() => createPrivateKey(key)) !== undefined,
      message: "contains no PEM private key, or one with a passphrase",
    },
    {
      name: "client_ca",
      invalid: clientCa !== undefined && !certificates(clientCa),
      message: "contains no PEM certificate",
    },
  ];
  const problems = parts
    .filter(({ invalid }) => invalid)
    .map(({ name, message }) => `${name} or ${name}_file ${message}`);
  if (problems.length > 0) return problems;
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
    return ["the key does not match the certificate"];
  const failure = failureOf(() => createSecureContext(secure));
  return failure === undefined ? [] : [failure];
}

function certificates(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return (
    blocks.length > 0 &&
    blocks.every((block) => failureOf(() => new X509Certificate(block)) === undefined)
  );
}

function failureOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return `OpenSSL rejects it: ${toAgentError(error).message}`;
  }
}
