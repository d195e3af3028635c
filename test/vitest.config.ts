import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

import { requireOldestNode } from "./support/agent/peers.ts";
import { Summary } from "./support/agent/summary.ts";

if (Number.parseInt(process.versions.node) < 24)
  throw new Error(
    `the tests run on Node.js 24, and this is ${process.version}: call them by npm or npx after npm ci; if npm has blocked the install script of the package node, allow it by "npm install-scripts approve node" and call npm ci again`,
  );

// Vitest gives them to Node.js as well: "import" among them would give ES modules to a caller of require.
const conditions = ["source", "node"];

/** Tests of the sources that need real peers, start a process in almost every case, or take more than a few seconds of CPU time. */
const LONG = [
  "test/alerts/{alertmanager,dashboards,mutants,scenarios}.test.ts",
  "test/peers/backends/**/*.test.ts",
  "test/backends/{hostile-listings,http-faults,local/local-many,rclone/rclone,sftp/sftp}.test.ts",
  "test/embedding/{instrumentation,process}.test.ts",
  "test/expectations/{property,restic-scenarios,retention/random-periods,rules,suggest-{replay,restic}}.test.ts",
  "test/fuzz/*.test.ts",
  "test/monitor/{counts,expected,first-version,shown-sets}.test.ts",
  "test/restic/{changes/random-sequences,crypto/key,fixtures,inventory/{huge,mutated}-index,reading-log}.test.ts",
  "test/settings/{completion,json-schema}.test.ts",
  "test/telemetry/{otlp/exporter-retry,prometheus/chunked-table}.test.ts",
  "test/vault/leak.test.ts",
  "test/web/{config/protection,status/text-table}.test.ts",
];
/** Tests of the packed and installed packages. */
const INSTALLED = [
  "test/agent/**/*.test.ts",
  "test/disasters/*.test.ts",
  "test/examples/{demo,embedding,examples,readme,secrets}.test.ts",
  "test/peers/!(backends)/**/*.test.ts",
];

/** The tests of the installed agent that run on the oldest Node.js as well. */
const ON_OLDEST_NODE = ["test/agent/{pages,program,signals}.test.ts"];
const oldest = requireOldestNode();
const globalSetup = "test/support/agent/install.ts";

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ["default", new Summary()],
    // Most of the time the tests wait for other programs: one core for the runner itself would be too much of two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 180_000,
    hookTimeout: 300_000,
    projects: [
      {
        extends: true,
        test: {
          name: "sources",
          include: ["test/**/*.test.ts"],
          exclude: [...LONG, ...INSTALLED],
          // They wait for servers of their own for about half of the time.
          maxWorkers: 2 * availableParallelism(),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "long", include: LONG, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: "installed",
          include: INSTALLED,
          globalSetup,
          sequence: { groupOrder: 1 },
        },
      },
      ...(oldest === undefined
        ? []
        : [
            {
              extends: true as const,
              test: {
                name: "oldest Node.js",
                include: ON_OLDEST_NODE,
                globalSetup,
                provide: { node: oldest },
                sequence: { groupOrder: 1 },
              },
            },
          ]),
    ],
  },
});
