import { join } from "node:path";

import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** The Node.js that runs the agent; default: that of the tests. */
    readonly node?: string;
  }
}

/** The Node.js that runs the agent. */
export const NODE = inject("node") ?? process.execPath;

/** The folder where both packages are installed, beside their tarballs. @throws Error in a project of test/vitest.config.ts without it */
export function installed(): string {
  const folder = inject("installed");
  if (folder === undefined)
    throw new Error(
      "this test needs the installed agent: give its folder to the project installed",
    );
  return folder;
}

/** The program of the installed agent. */
export function main(): string {
  return join(installed(), "node_modules/restic-otel/dist/main.js");
}
