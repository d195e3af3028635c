import type { Reporter, TestModule } from "vitest/node";

import { missingPeers } from "./peers.ts";

/** Suites that are the same for each backend: what stands in the name of one, the rest is the cell. */
const SUITES = [/^the backend of (.*)$/, /^(.*), from a server that fails:$/];

/** A line for each backend and server: how many cases of a suite that all have passed, failed, or were skipped. */
function matrix(modules: readonly TestModule[]): readonly string[] {
  return modules.flatMap((module) =>
    [...module.children.allSuites()].flatMap((suite) => {
      const which = SUITES.findIndex((pattern) => pattern.test(suite.name));
      const place = SUITES[which]?.exec(suite.name)?.[1];
      if (place === undefined) return [];
      const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
      for (const test of suite.children.allTests()) counts[test.result().state] += 1;
      const kind = which === 0 ? "conformance" : "failing server";
      const others = counts.failed + counts.skipped + counts.pending;
      const bad = others > 0 ? `, ${counts.failed} failed, ${others - counts.failed} skipped` : "";
      return [`${kind}: ${place}: ${counts.passed} passed${bad}`];
    }),
  );
}

/** Says at the end which real peers were not found, so that nobody takes a run without them for a whole one. */
export class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
    }
    const missing = missingPeers();
    const cells = matrix(modules);
    const lines = [
      ...(cells.length > 0 ? ["backend × server × cases:", ...cells.toSorted(), ""] : []),
      missing.length > 0
        ? `peers not found: ${missing.join(", ")}; the tests that need them were skipped (test/peers/install builds them)`
        : "all peers were found",
      `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped + counts.pending} skipped`,
    ];
    process.stdout.write(`\n${lines.join("\n")}\n`);
  }
}
