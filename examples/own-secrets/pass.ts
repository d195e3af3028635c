// A secret resolver that runs a program: `{pass: "restic/web"}` is the first line of the output of `pass show restic/web`.
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
      // The caught error can contain output of the program, and so a secret: do not pass it on.
      throw new AgentError("secret", `pass show ${String(entry)} failed: does the entry exist?`);
    }
  },
};
