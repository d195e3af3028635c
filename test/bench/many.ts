import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { peerPath } from "../support/peers.ts";
import { startRestServer } from "../support/rest-server.ts";
import { collect } from "./agent.ts";
import type { Collection } from "./agent.ts";
import { figure, LARGEST, run, RUNS, show } from "./measure.ts";
import { PASSWORD, writeRepository } from "./repositories.ts";

const COUNTS = [1, 100, 1000].filter((count) => count <= LARGEST);
const SNAPSHOTS = 60;

/** A steady collection of many repositories on one rest-server, beside as many calls of restic with a warm cache. */
export async function benchMany(say: (line: string) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  const server = await startRestServer({ path: folder });
  const rows = [
    "| repositories | requests | key derivations | seconds | CPU s | longest pause, ms | CPU s of as many restic, warm | of restic's CPU |",
    "| --: | --: | --: | --: | --: | --: | --: | --: |",
  ];
  try {
    for (let index = 0; index < Math.max(...COUNTS); index++)
      await writeRepository(join(folder, String(index)), SNAPSHOTS, 3, { N: 1024, r: 8, p: 1 });
    await writeRepository(join(folder, "restic"), SNAPSHOTS, 3);
    for (const count of COUNTS) {
      const urls = Array.from({ length: count }, (_, index) => `rest:${server.url}/${index}`);
      const steady: Collection[] = [];
      const restic: number[] = [];
      for (let index = 0; index < RUNS; index++) {
        say(`${count} repositories, run ${index + 1}`);
        const [, second] = await collect({
          password: PASSWORD,
          connections: 5,
          stateDir: "",
          urls,
        });
        if (second?.snapshots !== count * SNAPSHOTS) throw new Error("not all was read");
        steady.push(second);
        restic.push(await resticCpu(`rest:${server.url}/restic`, join(folder, "cache")));
      }
      rows.push(row(count, steady, figure(restic).median * count));
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
  return `${rows.join("\n")}\n`;
}

/** A call is measured, and multiplied: a thousand of them take a quarter of an hour. */
async function resticCpu(repository: string, cache: string): Promise<number> {
  const args = ["snapshots", "--no-lock", "--json", "--cache-dir", cache];
  const env = { RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: PASSWORD };
  return (await run(peerPath("restic"), args, env)).cpuSeconds;
}

function row(count: number, steady: readonly Collection[], resticSeconds: number): string {
  const of = (key: keyof Collection): ReturnType<typeof figure> =>
    figure(steady.map((one) => one[key]));
  return `| ${[
    count,
    of("requests").median,
    of("keyDerivations").median,
    show(of("seconds"), 3),
    show(of("cpuSeconds"), 3),
    show(of("pauseMs"), 0),
    resticSeconds.toFixed(1),
    `× ${(of("cpuSeconds").median / resticSeconds).toFixed(4)}`,
  ].join(" | ")} |`;
}
