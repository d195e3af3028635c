import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

import { Summary } from "./support/agent/summary.ts";

// Vitest gives them to Node.js as well: "import" among them would give ES modules to a caller of require.
const conditions = ["source", "node"];

const INSTALLED = ["test/{agent,examples}/**/*.test.ts", "test/peers/**/*.test.ts"];
const SOURCES_WITH_PEERS = ["test/peers/backends/**/*.test.ts"];

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
          exclude: [...INSTALLED],
        },
      },
      {
        extends: true,
        test: { name: "peers", include: SOURCES_WITH_PEERS },
      },
      {
        extends: true,
        test: {
          name: "installed",
          include: INSTALLED,
          exclude: SOURCES_WITH_PEERS,
          globalSetup: "test/support/agent/install.ts",
        },
      },
    ],
  },
});
