import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { rulesText } from "../../../src/alerts/rules-text.ts";
import type { AlertGroup } from "../../../src/alerts/alert.ts";
import type { Scenario } from "../../alerts/scenarios/scenario.ts";
import { peerPath } from "../agent/peers.ts";
import { promtoolFile } from "./promtool-tests.ts";

/** Rules, and scenarios that they are tested with. */
export interface Trial {
  readonly group: AlertGroup;
  readonly scenarios: readonly Scenario[];
}

/** Tests all trials with one promtool. Returns the complaints about each trial: "" if all of its tests pass. */
export function runPromtool(trials: readonly Trial[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "promtool-"));
  try {
    const files = trials.map(({ group, scenarios }, index) => {
      const rules = join(folder, `rules-${index}.yml`);
      writeFileSync(rules, rulesText([group], { format: "prometheus" }));
      const file = join(folder, `${index}.yml`);
      writeFileSync(file, JSON.stringify(promtoolFile(rules, scenarios)));
      return file;
    });
    // One file for stdout and stderr: in it the complaints follow the names of the files.
    const output = join(folder, "output");
    const descriptor = openSync(output, "w");
    spawnSync(peerPath("promtool"), ["test", "rules", ...files], {
      stdio: ["ignore", descriptor, descriptor],
    });
    closeSync(descriptor);
    const text = readFileSync(output, "utf8");
    const results = text.split(/^Processing test file: .*$/m).slice(1);
    if (results.length !== files.length)
      throw new Error(`promtool tested ${results.length} of ${files.length} files: ${text}`);
    return results.map((result) => (result.trim() === "SUCCESS" ? "" : result.trim()));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
