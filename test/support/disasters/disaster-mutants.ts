import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Alert } from "../../../src/alerts/alert.ts";
import { rulesText } from "../../../src/alerts/rules-text.ts";
import { mutantsOf } from "../alerts/mutants.ts";
import { rowOf } from "./disaster-row.ts";
import { ALERTS_BY_KEY, firing } from "./firing.ts";
import type { Firing } from "./firing.ts";
import { judge, labelledAlerts, RULE_METRICS } from "./judge.ts";
import type { Played } from "./judge.ts";

/** A rule with one mistake, under a name of its own. */
interface Mutant {
  /** The key of the right alert. */
  readonly key: string;
  readonly mistake: string;
  readonly rule: Alert;
}

/** The mutants of all alerts that no disaster notices: each alert with its mistake. Also the number of mutants. */
export async function survivorsOf(
  disasters: readonly Played[],
): Promise<{ readonly count: number; readonly survivors: readonly string[] }> {
  const all = [...ALERTS_BY_KEY].flatMap(([key, alert]) =>
    mutantsOf(alert.expr).map(({ mistake, expr }) => ({ key, mistake, alert, expr })),
  );
  const mutants = all.map(({ key, mistake, alert, expr }, index): Mutant => ({
    key,
    mistake,
    rule: { ...alert, name: `Mutant${index}`, expr, summary: "", description: "", hint: "" },
  }));
  let left: readonly Mutant[] = mutants;
  // Most mutants are noticed by a short disaster.
  const ordered = disasters.toSorted((a, b) => a.looks.length - b.looks.length);
  for (const played of ordered) left = await unnoticed(played, left);
  return {
    count: mutants.length,
    survivors: left.map(({ key, mistake }) => `${key}: ${mistake}`),
  };
}

/** The mutants that do not make a disaster red: one that does fires earlier, later, longer, not at all, for nothing, or with other labels. */
async function unnoticed(played: Played, mutants: readonly Mutant[]): Promise<readonly Mutant[]> {
  // A disaster that is red already notices nothing.
  if (mutants.length === 0 || judge(played, played.found).problems.length > 0) return mutants;
  const found = await firingOf(played, mutants);
  // Prometheus cannot evaluate some of them.
  if ("failed" in found)
    return unnoticed(
      played,
      mutants.filter(({ rule }) => !found.failed.has(rule.name)),
    );
  const isNoticed = (changed: Firing): boolean =>
    judge(played, changed).problems.length > 0 ||
    labelledAlerts(changed).join("\n") !== labelledAlerts(played.found).join("\n") ||
    (!played.disaster.hoursVary && rowOf(played, changed) !== rowOf(played));
  return mutants.filter(
    ({ key, rule }) => !isNoticed(withMutant(played.found, found, key, rule.name)),
  );
}

function withMutant(right: Firing, found: Firing, key: string, mutant: string): Firing {
  return right.map((alerts, look) => {
    const changed = new Map(alerts);
    const labels = found[look]?.get(mutant);
    if (labels) changed.set(key, labels);
    else changed.delete(key);
    return changed;
  });
}

async function firingOf(played: Played, mutants: readonly Mutant[]): ReturnType<typeof firing> {
  const folder = await mkdtemp(join(tmpdir(), "mutants-"));
  try {
    const rules = join(folder, "rules.yml");
    const group = { name: "mutants", title: "", alerts: mutants.map(({ rule }) => rule) };
    await writeFile(rules, rulesText([group], { format: "prometheus" }));
    return await firing(played, rules, RULE_METRICS);
  } finally {
    await rm(folder, { recursive: true });
  }
}
