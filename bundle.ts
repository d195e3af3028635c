// Both packages as a few files each: a module costs half a millisecond of every start. Their types are written by tsc.
import { build } from "rolldown";
import type { BuildOptions } from "rolldown";

/** Other packages stay outside, and what is imported late stays a file of its own. */
function bundle(folder: string, dir: string, names: readonly string[]): BuildOptions {
  const input = names.map((name) => `${folder}/${name}.ts`);
  const output = { dir, sourcemap: true, chunkFileNames: "[name].js" };
  return { input, external: /^[^./]/, platform: "node", output };
}

const worker = "backends/local/file-reader-worker";
await build([
  bundle("instrumentation", "instrumentation/dist", [
    "index",
    "internal",
    "monitor/monitor",
    worker,
  ]),
  bundle("src", "dist", ["index", "main", "web/config/bcrypt-worker"]),
]);
