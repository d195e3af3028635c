import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { expect, onTestFinished, test } from "vitest";

import { requireSystemd } from "../support/peers.ts";
import { startServer } from "../support/server.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

test.skipIf(!requireSystemd())(
  "the sockets that systemd opens take the place of bind",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "activation-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "config.json");
    await writeFile(file, JSON.stringify({ bind: "127.0.0.1:1", repositories: [] }));
    const paths = [join(folder, "one"), join(folder, "two")];
    const sockets = paths.flatMap((path) => ["--listen", path]);
    const program = [process.execPath, "--conditions=source", MAIN, "--config", file];
    const manager = await startServer({
      command: "systemd-socket-activate",
      args: [...sockets, ...program],
      announces: /Listening on (\S+two) /,
      url: (address) => address,
    });
    onTestFinished(() => manager.stop());
    const ask = (path = ""): Promise<string> => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      request({ socketPath: path, path: "/-/healthy", agent: false }, (response) => {
        text(response).then(resolve, reject);
      })
        .on("error", reject)
        .end();
      return promise;
    };
    // The first one starts the agent, and waits until it accepts.
    expect(await Promise.all(paths.map(ask))).toEqual(["healthy\n", "healthy\n"]);
    for (const fd of ["3", "4"]) expect(manager.log()).toContain(`listening address=fd:${fd}`);
    manager.kill("SIGTERM");
    expect(await manager.exit).toBe(0);
  },
);
