import type { Reporter, TestCase, TestModule } from "vitest/node";

import { missingPeers } from "./peers.ts";

/** The suites that run once for each backend and server, and the group of their name that says which. */
const SUITES = [
  { name: "conformance of backends", pattern: /^the backend of (.*)$/ },
  { name: "failing servers", pattern: /^(.*), with a failing server:$/ },
];
/** The whole block has at most 25 lines. */
const MOST_PLACES = 15;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function counted(tests: Iterable<TestCase>): Counts {
  const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
  for (const test of tests) counts[test.result().state] += 1;
  const { pending, ...others } = counts;
  return { ...others, skipped: others.skipped + pending };
}

function line({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** A line for each kind of suite, and one for each backend or server with a test that did not pass. */
function places(modules: readonly TestModule[]): readonly string[] {
  const suites = modules.flatMap((module) => [...module.children.allSuites()]);
  return SUITES.flatMap(({ name, pattern }) => {
    const matching = suites.flatMap((suite) => {
      const place = pattern.exec(suite.name)?.[1];
      return place === undefined ? [] : [{ place, counts: counted(suite.children.allTests()) }];
    });
    if (matching.length === 0) return [];
    const bad = matching.filter(({ counts }) => counts.failed + counts.skipped > 0);
    const all = `${name}: ${matching.length - bad.length} of ${matching.length} passed`;
    return [all].concat(bad.map(({ place, counts }) => `  ${place}: ${line(counts)}`));
  });
}

/** Prints one block at the end: the suites of backends, the peers that were not found, and the counts of the runner. */
export class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = counted(modules.flatMap((module) => [...module.children.allTests()]));
    const missing = missingPeers();
    const shown = places(modules);
    const broken = modules.filter(
      (module) => module.state() === "failed" && counted(module.children.allTests()).failed === 0,
    );
    const lines = [
      ...shown.slice(0, MOST_PLACES),
      ...(shown.length > MOST_PLACES ? [`  … and ${shown.length - MOST_PLACES} more lines`] : []),
      ...(broken.length > 0 ? [`files that failed outside of a test: ${broken.length}`] : []),
      missing.length > 0
        ? `peers not found: ${missing.join(", ")}; the tests that need them are skipped (see test/peers/install)`
        : "all peers were found",
      line(counts),
    ];
    process.stdout.write(`\n${lines.join("\n")}\n`);
  }
}
