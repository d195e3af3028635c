import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { expect, onTestFinished, test } from "vitest";

import { freeAddress } from "../support/core/free-port.ts";
import { main, NODE } from "../support/agent/installed.ts";
import { requireSystemd } from "../support/agent/peers.ts";
import { Scraper } from "../support/otlp/scraper.ts";
import { startServer } from "../support/http/server.ts";
import { until } from "../support/core/until.ts";

test.skipIf(!requireSystemd())("the sockets of systemd replace the addresses of bind", async () => {
  const folder = await mkdtemp(join(tmpdir(), "activation-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "config.json");
  await writeFile(file, JSON.stringify({ bind: "127.0.0.1:1", repositories: [] }));
  const paths = [join(folder, "one"), join(folder, "two")];
  const sockets = paths.flatMap((path) => ["--listen", path]);
  const program = [NODE, main(), "--config", file];
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
  // The first connection starts the agent, and waits until the agent accepts it.
  expect(await Promise.all(paths.map(ask))).toEqual(["healthy\n", "healthy\n"]);
  for (const fd of ["3", "4"]) expect(manager.log()).toContain(`listening address=fd:${fd}`);
  manager.kill("SIGTERM");
  expect(await manager.exit).toBe(0);
});

const AGENTS = 3;

/** Keeps the inherited sockets open, like a service manager, while one agent after the other uses them. */
const HOLDER = `
trap 'kill $agent; wait $agent; exit 1' TERM
for turn in $(seq ${AGENTS}); do
  sh -c 'LISTEN_PID=$$ exec "$@"' sh "$@" & agent=$!
  echo "agent $agent"
  wait $agent; echo "ended $?"
done`;

test.skipIf(!requireSystemd())(
  "each scrape is answered with 200 while the agent is restarted",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "activation-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "config.json");
    // With repositories an agent would answer 503 until it has collected them.
    await writeFile(file, JSON.stringify({ repositories: [] }));
    const program = [NODE, main(), "--config", file];
    const manager = await startServer({
      command: "systemd-socket-activate",
      args: ["--listen", await freeAddress(), "sh", "-c", HOLDER, "sh", ...program],
      announces: /Listening on (\S+) /,
      url: (address) => `http://${address}`,
    });
    onTestFinished(() => manager.stop());
    const lines = (line: RegExp): readonly (string | undefined)[] =>
      [...manager.log().matchAll(line)].map(([, number]) => number);
    const scrapers = Array.from(
      { length: 16 },
      (_, index) => new Scraper(manager.url, { keepAlive: index % 2 === 0, asksAgain: true }),
    );
    let enough = false;
    onTestFinished(() => {
      enough = true;
    });
    const ran = Promise.all(scrapers.map((one) => one.run(() => !enough)));
    for (let count = 1; count <= AGENTS; count++) {
      const answered = scrapers.map(({ endings }) => endings.length);
      await until(`answers of agent ${count}`, () =>
        scrapers.every(({ endings }, index) => endings.length >= (answered[index] ?? 0) + 10),
      );
      if (count === AGENTS) {
        enough = true;
        await ran;
      }
      expect(new Set(scrapers.flatMap(({ endings }) => endings))).toEqual(new Set([200]));
      process.kill(Number(lines(/^agent (\d+)$/gm).at(-1)), "SIGTERM");
      await until(`the end of agent ${count}`, () => lines(/^ended (\d+)$/gm).length === count);
    }
    expect(await manager.exit).toBe(0);
    expect(lines(/^ended (\d+)$/gm)).toEqual(Array(AGENTS).fill("0"));
  },
);
