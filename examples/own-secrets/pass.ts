// A way to secrets of your own, one that asks a program: `{pass: "restic/web"}` is the first line of what `pass show restic/web` prints.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { AgentError, Secret } from "restic-otel-instrumentation";
import type { SecretResolver } from "restic-otel-instrumentation";

const run = promisify(execFile);

export const pass: SecretResolver = {
  scheme: "pass",
  check: (entry) =>
    typeof entry === "string" && entry !== "" ? undefined : "must be the name of an entry",
  async resolve(entry, signal) {
    try {
      const { stdout } = await run("pass", ["show", String(entry)], { signal, timeout: 30_000 });
      return new Secret(stdout.split("\n", 1)[0] ?? "");
    } catch {
      // What went wrong may hold what the program has printed: it is told in our own words.
      throw new AgentError("secret", `pass shows no entry ${String(entry)}`);
    }
  },
};
