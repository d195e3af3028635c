import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { ALERTS } from "../../src/alerts/alerts.ts";
import { fittingRules } from "../../src/alerts/fitting-rules.ts";
import { at } from "../support/agent/manifest.ts";
import { requirePeer } from "../support/agent/peers.ts";
import { settingsOf } from "../support/agent/settings-file.ts";

const REPOSITORY = { repo: "/srv/r", password: "p" };
const EXPECT = [{ name: "servers", hosts: ["web-1"], maxAge: "26h" }];

/** Settings, and alerts that they have and that they lack. */
const SETTINGS = [
  [
    "a repository alone",
    { repositories: [REPOSITORY] },
    "SetVanished",
    "Late SetsVanished VaultDown",
  ],
  ["none", { repositories: [] }, "NoRepositories AgentDown", "Late PushFailing"],
  ["expect", { repositories: [REPOSITORY], expect: EXPECT }, "Late NeverSeen Unknown", "StaleLock"],
  ["stateDir", { repositories: [REPOSITORY], stateDir: "/s" }, "SetsVanished", "SetVanished"],
  [
    "appendOnly of one",
    { repositories: [{ ...REPOSITORY, appendOnly: true }] },
    "AppendOnlyViolated",
    "StaleLock",
  ],
  ["inventory", { repositories: [REPOSITORY], inventory: "24h" }, "PacksMissing", "StaleLock"],
  ["locks of one", { repositories: [{ ...REPOSITORY, locks: "1h" }] }, "StaleLock", "Late"],
  [
    "retention",
    { repositories: [REPOSITORY], expect: [{ ...EXPECT[0], retention: { daily: 7 } }] },
    "ForgetMissing Late",
    "StaleLock",
  ],
  [
    "a push without a server",
    { repositories: [REPOSITORY], bind: "none", otlp: [{ endpoint: "https://h/v1/metrics" }] },
    "PushFailing AgentAbsent",
    "AgentDown",
  ],
  [
    "vault",
    {
      repositories: [REPOSITORY],
      vault: { address: "https://h", auth: { method: "token", token: "t" } },
    },
    "VaultDown",
    "PushFailing",
  ],
] as const;

const promtool = requirePeer("promtool");

/** Whether promtool accepts the rules. */
function checked(rules: string): string {
  const folder = mkdtempSync(join(tmpdir(), "rules-"));
  try {
    const file = join(folder, "rules.yml");
    writeFileSync(file, rules);
    const { stdout, stderr } = spawnSync(promtool ?? "", ["check", "rules", file], {
      encoding: "utf8",
    });
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("restic-otel rules, with", () => {
  test.for(SETTINGS)("%s, prints the rules that fit", async ([, content, present, missing]) => {
    const settings = await settingsOf(JSON.stringify(content));
    const rules = fittingRules(settings, { format: "prometheus", runbookUrl: undefined });
    const groups: unknown = at(parse(rules), "groups");
    const names = (Array.isArray(groups) ? groups : []).flatMap((group: unknown) => {
      const list = at(group, "rules");
      return (Array.isArray(list) ? list : []).map((rule: unknown) => at(rule, "alert"));
    });
    expect(names).toEqual(expect.arrayContaining(present.split(" ").map((one) => `Backup${one}`)));
    for (const one of missing.split(" ")) expect(names).not.toContain(`Backup${one}`);
    if (promtool !== undefined) expect(checked(rules)).toContain(`${names.length} rules found`);
  });

  test("another format, prints a PrometheusRule with links to the page", async () => {
    const settings = await settingsOf(JSON.stringify({ repositories: [REPOSITORY] }));
    const runbookUrl = "https://example.com/alerting.md";
    const rule: unknown = parse(fittingRules(settings, { format: "prometheusrule", runbookUrl }));
    expect(at(rule, "kind")).toBe("PrometheusRule");
    expect(at(rule, "spec", "groups", 0, "rules", 0, "annotations", "runbook_url")).toBe(
      "https://example.com/alerting.md#backupsettooold",
    );
  });
});

test("each alert says what to do, in sentences", () => {
  for (const { hint, fires } of ALERTS.flatMap(({ alerts }) => alerts)) {
    expect(hint).toMatch(/\.$/);
    expect(fires).not.toMatch(/\.$/);
  }
});
