// The agent with a source of your own: TREE_PATHS=/srv/dumps node main.ts --bind :9121, and every other flag of restic-otel.
import { start } from "restic-otel";

import { newestFiles } from "./newest-file.ts";

await start({ sources: [newestFiles((process.env["TREE_PATHS"] ?? ".").split(":"))] });
