import { spawn } from "node:child_process";
import { once } from "node:events";

import { freePort } from "../core/free-port.ts";
import { until } from "../core/until.ts";

interface Demo {
  /** The address of the agent, without a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `npm run demo`, and waits for its first collection. */
export async function startDemo(): Promise<Demo> {
  const port = await freePort();
  const demo = spawn(
    process.execPath,
    ["--conditions=source", "examples/demo.ts", "--bind", `127.0.0.1:${port}`],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [demo.stdout, demo.stderr])
    stream.setEncoding("utf8").on("data", (more: string) => (output += more));
  const ended = once(demo, "exit");
  await until("the demo", () => output.includes("Ctrl-C") || demo.exitCode !== null);
  if (demo.exitCode !== null) throw new Error(`the demo has ended: ${output}`);
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      demo.kill("SIGINT");
      await ended;
    },
  };
}
