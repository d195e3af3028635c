import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { freeAddress } from "../core/free-port.ts";
import { requireAzurite } from "../agent/peers.ts";
import { startServer, type Server } from "../http/server.ts";

/** azurite's built-in account and its published key. */
export const AZURITE = {
  AZURE_ACCOUNT_NAME: "devstoreaccount1",
  AZURE_ACCOUNT_KEY:
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
} as const;

interface AzuriteOptions {
  readonly path: string;
  /** PEM with certificate and key. Default: no TLS. */
  readonly tls?: string;
  /** Accepts Entra ID tokens without checking their signature; needs TLS. */
  readonly oauth?: boolean;
}

/** Starts azurite, Microsoft's emulator of Blob Storage. It checks shared keys and signatures. */
export async function startAzurite({ path, tls, oauth = false }: AzuriteOptions): Promise<Server> {
  const main = requireAzurite();
  if (main === undefined) throw new Error("azurite is missing: run test/peers/install azurite");
  await mkdir(path, { recursive: true });
  const [host = "", port = ""] = (await freeAddress()).split(":");
  const scheme = tls === undefined ? "http" : "https";
  return startServer({
    command: process.execPath,
    args: [
      main,
      "--blobHost",
      host,
      "--blobPort",
      port,
      "--location",
      path,
      "--debug",
      join(path, "debug.log"),
      "--skipApiVersionCheck",
      "--disableTelemetry",
      ...(tls === undefined ? [] : ["--cert", tls, "--key", tls]),
      ...(oauth ? ["--oauth", "basic"] : []),
    ],
    announces: /successfully listens on https?:\/\/(\S+)/,
    url: (address) => `${scheme}://${address}`,
  });
}
