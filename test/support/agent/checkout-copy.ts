import { cp, mkdir, mkdtemp, readdir, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { ROOT } from "./packed.ts";

/** Not part of a clone, or not needed to run and to pack the agent. */
const LEFT_OUT: ReadonlySet<string> = new Set(["node_modules", "dist", ".git", "test"]);

/** A copy of the checkout in which commands may write. The packages in its node_modules are those of the checkout. */
export async function checkoutCopy(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "checkout-"));
  await cp(ROOT, copy, {
    recursive: true,
    filter: (path) => !LEFT_OUT.has(basename(path)) && !path.endsWith(".tsbuildinfo"),
  });
  const modules = join(copy, "node_modules");
  await mkdir(modules);
  for (const name of await readdir(join(ROOT, "node_modules")))
    if (name !== "restic-otel-instrumentation")
      await symlink(join(ROOT, "node_modules", name), join(modules, name));
  await symlink("../instrumentation", join(modules, "restic-otel-instrumentation"));
  return copy;
}
