import { expect, onTestFinished, test } from "vitest";

import { ROOT } from "../support/agent/packed.ts";
import { freePort } from "../support/core/free-port.ts";
import { until } from "../support/core/until.ts";
import { startServer } from "../support/http/server.ts";

const SETTINGS = {
  RESTIC_REPOSITORY: "examples/repositories/web",
  RESTIC_PASSWORD: "web-password",
  NO_COLOR: "1",
};

// The scripts run the sources of the checkout.
test.for([
  ["start", /msg=listening address=(\S+)/],
  ["demo", /Status +http:\/\/(\S+)\//],
] as const)(
  "SIGTERM to the process of npm run %s ends the agent too",
  async ([script, announces]) => {
    const npm = await startServer({
      command: "npm",
      args: ["run", script, "--", "--bind", `127.0.0.1:${await freePort()}`],
      announces,
      url: (address) => `http://${address}`,
      env: { ...process.env, ...SETTINGS },
      cwd: ROOT,
    });
    onTestFinished(() => npm.stop());
    const answers = (): Promise<boolean> =>
      fetch(`${npm.url}/-/healthy`).then(
        ({ ok }) => ok,
        () => false,
      );
    expect(await answers()).toBe(true);
    npm.kill("SIGTERM");
    await npm.exit;
    await until("the end of the agent", async () => !(await answers()));
  },
);
