import type { Reporter, TestModule } from "vitest/node";

import { missingPeers } from "./peers.ts";

/** Says at the end which real peers were not found, so that nobody takes a run without them for a whole one. */
export class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
    }
    const missing = missingPeers();
    const lines = [
      missing.length > 0
        ? `peers not found: ${missing.join(", ")}; the tests that need them were skipped (test/peers/install builds them)`
        : "all peers were found",
      `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped + counts.pending} skipped`,
    ];
    process.stdout.write(`\n${lines.join("\n")}\n`);
  }
}
