import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { TestProject } from "vitest/node";

import { npm, ROOT } from "./packed.ts";
import { VERSION } from "../../../instrumentation/embedding/version.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder with both installed packages; only defined in projects with this setup. */
    readonly installed?: string;
  }
}

/** The file of a package in the folder of the installation. */
export function tarball(name: "restic-otel" | "restic-otel-instrumentation"): string {
  return `${name}-${VERSION}.tgz`;
}

/** Packs both packages and installs the tarballs into an empty folder, as a user does. Runs once for all projects. */
export async function setup({ vitest }: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (vitest.getRootProject().getProvidedContext().installed !== undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "installed-"));
  vitest.provide("installed", folder);
  for (const workspace of [[], ["--workspace", "instrumentation"]])
    await npm(["pack", "--pack-destination", folder, ...workspace], ROOT);
  // With one tarball alone npm would load the other package from the registry.
  const tarballs = [tarball("restic-otel"), tarball("restic-otel-instrumentation")];
  const options = ["--omit=dev", "--no-audit", "--no-fund", "--prefer-offline"];
  await npm(["install", ...options, ...tarballs.map((file) => `./${file}`)], folder);
  return () => rm(folder, { recursive: true });
}
