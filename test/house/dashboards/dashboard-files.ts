import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { overview } from "./overview.ts";
import { repository } from "./repository.ts";

const FOLDER = new URL("../../../examples/grafana/", import.meta.url);

/** A dashboard of examples/grafana. */
export interface DashboardFile {
  readonly url: URL;
  readonly expected: string;
}

/** The dashboards of the examples. */
export function dashboardFiles(): readonly DashboardFile[] {
  return Object.entries({ overview, repository }).map(([name, dashboard]) => ({
    url: new URL(`${name}.json`, FOLDER),
    expected: `${JSON.stringify(dashboard(), undefined, 2)}\n`,
  }));
}

// Node.js before 24.2 lacks `import.meta.main`.
if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const { url, expected } of dashboardFiles()) await writeFile(url, expected);
