import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import type { Dashboard } from "./dashboard.ts";
import { overview } from "./overview.ts";
import { repository } from "./repository.ts";

const FOLDER = new URL("../../../examples/grafana/", import.meta.url);

/** A dashboard of examples/grafana. */
export interface DashboardFile {
  readonly url: URL;
  readonly dashboard: Dashboard;
  readonly expected: string;
}

/** The dashboards of the examples. */
export function dashboardFiles(): readonly DashboardFile[] {
  return [overview(), repository()].map((dashboard) => ({
    url: new URL(`${dashboard.uid.replace("restic-otel-", "")}.json`, FOLDER),
    dashboard,
    expected: `${JSON.stringify(dashboard, undefined, 2)}\n`,
  }));
}

// Node.js before 24.2 lacks `import.meta.main`.
if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const { url, expected } of dashboardFiles()) await writeFile(url, expected);
