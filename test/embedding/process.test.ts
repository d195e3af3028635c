import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, onTestFinished, test } from "vitest";

import { until } from "../support/core/until.ts";

const run = promisify(execFile);

/** Runs a program until nothing keeps it alive; returns its output. */
async function toItsEnd(program: string, env: Readonly<Record<string, string>>): Promise<string> {
  const args = ["--conditions=source", "--input-type=module", "-e", program];
  const { stdout } = await run(process.execPath, args, {
    cwd: join(import.meta.dirname, "../.."),
    env: { PATH: process.env["PATH"], ...env },
    // Shorter than the time limit of a repository and the schedule.
    timeout: 50_000,
  });
  return stdout;
}

const PROGRAM = `
import { ResticInstrumentation } from "restic-otel-instrumentation";
const restic = new ResticInstrumentation({
  repositories: [{ repo: process.env.REPO, password: "web-password" }],
  cron: "0 */4 * * *",
});
restic.enable();
`;

test("timers do not keep the process alive", async () => {
  const program = `${PROGRAM}
    while (restic.state().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    console.log(restic.getConfig().enabled, restic.state()[0].attempt.complete);`;
  expect(await toItsEnd(program, { REPO: "examples/repositories/web" })).toBe("true true\n");
});

test("a collection that disable stops does not keep the process alive", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  await once(silent, "listening");
  const { port }: AddressInfo = Object(silent.address());
  let connections = 0;
  let ended = 0;
  const asked = Promise.withResolvers<void>();
  silent.on("connection", (socket) => {
    connections += 1;
    socket
      .on("error", () => {})
      .on("close", () => (ended += 1))
      .resume();
    socket.once("data", () => asked.resolve());
  });
  const go = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void go.close());
  await once(go, "listening");
  const goPort: AddressInfo = Object(go.address());
  // Disable when the request is pending.
  go.on("connection", (socket) => void asked.promise.then(() => socket.end("now")));
  const program = `${PROGRAM}
    import { connect } from "node:net";
    import { once } from "node:events";
    await once(connect(${goPort.port}, "127.0.0.1"), "data");
    restic.disable();
    console.log("disabled");`;
  const repository = { REPO: `rest:http://127.0.0.1:${port}/` };
  expect(await toItsEnd(program, repository)).toBe("disabled\n");
  expect(connections).toBeGreaterThan(0);
  await until("the end of all connections", () => ended === connections);
});
