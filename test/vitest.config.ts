import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

import { Summary } from "./support/agent/summary.ts";

// Vitest hands them to Node.js as well: "import" among them would give ES modules to those who ask by require.
const conditions = ["source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ["default", new Summary()],
    include: ["test/**/*.test.ts"],
    // Most of the time they wait for other programs: one core for the runner itself would be too much of two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
