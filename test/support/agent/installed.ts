import { join } from "node:path";

import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** The Node.js program that runs the agent. Default: the Node.js of the tests. */
    readonly node?: string;
  }
}

/** The Node.js program that runs the agent. */
export const NODE = inject("node") ?? process.execPath;

/** The folder with both installed packages and their tarballs. @throws Error in a test project without the setup of install.ts */
export function installed(): string {
  const folder = inject("installed");
  if (folder === undefined)
    throw new Error(
      "this test needs the installed agent: add its folder to the project `installed` in test/vitest.config.ts",
    );
  return folder;
}

/** The program of the installed agent. */
export function main(): string {
  return join(installed(), "node_modules/restic-otel/dist/main.js");
}
