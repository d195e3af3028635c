import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { peerPath, requirePeer } from "../../support/agent/peers.ts";
import type { Peer } from "../../support/agent/peers.ts";

const SCALE = join(import.meta.dirname, "../../../examples/scale");

/** Runs a peer in the folder of the files, as their comments describe it. */
function run(peer: Peer, args: readonly string[]): { readonly status: number; output: string } {
  const { status, stdout, stderr } = spawnSync(peerPath(peer), args, {
    cwd: SCALE,
    encoding: "utf8",
  });
  return { status: status ?? -1, output: stdout + stderr };
}

describe.skipIf(!requirePeer("promtool"))("Prometheus accepts its files:", () => {
  test.for([
    ["check", "config", "prometheus.yml"],
    ["check", "rules", "pairs.yml"],
    ["test", "rules", join(import.meta.dirname, "pairs.yml")],
    ["test", "rules", join(import.meta.dirname, "pairs-expectations.yml")],
  ])("promtool %s %s", (args) => {
    const { status, output } = run("promtool", args);
    expect(output).toContain("SUCCESS");
    expect(output).not.toMatch(/FAILED|lint|warning/i);
    expect(status).toBe(0);
  });
});

test.skipIf(!requirePeer("otelcol"))("the Collector accepts its file", () => {
  const { status, output } = run("otelcol", ["validate", "--config", "collector.yaml"]);
  expect({ status, output }).toEqual({ status: 0, output: "" });
});

test.skipIf(!requirePeer("victoria-metrics"))(
  "VictoriaMetrics accepts the command in its file, and rejects a mistake in any argument",
  async () => {
    const text = await readFile(join(SCALE, "victoria-metrics.yml"), "utf8");
    const [, command = ""] = /^# +victoria-metrics (.*)$/m.exec(text) ?? [];
    const args = command.split(" ");
    expect(args).toHaveLength(3);
    expect(run("victoria-metrics", [...args, "-dryRun"]).status).toBe(0);
    for (const [index, wrong] of [
      [0, "-promscrape.config=agents.yml"],
      [1, "-relabelConfig=pairs.yml"],
      [2, "-dedup.minScrapeInterval=1n"],
    ] as const) {
      const { status } = run("victoria-metrics", [...args.toSpliced(index, 1, wrong), "-dryRun"]);
      expect([wrong, status]).not.toEqual([wrong, 0]);
    }
    const [, interval = ""] = /^ +scrape_interval: (\S+)$/m.exec(text) ?? [];
    expect(args.at(-1)).toBe(`-dedup.minScrapeInterval=${interval}`);
  },
);
