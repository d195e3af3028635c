import { defineConfig } from "vitest/config";

import { Summary } from "./support/summary.ts";

// Vitest hands them to Node.js as well: "import" among them would give ES modules to those who ask by require.
const conditions = ["source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ["default", new Summary()],
    include: ["test/**/*.test.ts"],
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
