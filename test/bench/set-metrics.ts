import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { firstScrape, ScrapeClient } from "./client.ts";
import { agentOf, RunningProgram } from "./program.ts";
import { CHEAP_SCRYPT, writeRepository } from "./repositories.ts";

const SETS = 3;

/**
 * Names of the metrics of which the agent has one series for each backup set of a repository of the bench: the peers get the same number
 * of series. The tables have more, for repositories with other snapshots.
 */
export async function setMetrics(
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  try {
    writeRepository(folder, SETS, SETS, CHEAP_SCRYPT);
    const running = await RunningProgram.start(agentOf(folder, env));
    try {
      const client = await ScrapeClient.connect(running.url);
      await firstScrape(client);
      client.close();
      return namesIn(await (await fetch(`${running.url}/metrics`)).text(), SETS);
    } finally {
      await running.stop();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Names with one series for each of the hosts host-0, host-1 and so on. @throws Error if there are none */
export function namesIn(page: string, sets: number): readonly string[] {
  const samples = page.matchAll(/^(\w+)\{(?:[^}]*,)?host="host-\d+"/gm);
  const counts = Map.groupBy(
    [...samples].map(([, name = ""]) => name),
    (name) => name,
  );
  const names = [...counts].filter(([, all]) => all.length === sets).map(([name]) => name);
  if (names.length === 0) throw new Error("the page has no metric of backup sets");
  return names;
}
