// An agent with your own source: TREE_PATHS=/srv/dumps node main.ts --bind :9121. It accepts all flags of restic-otel.
import { start } from "restic-otel";

import { newestFiles } from "./newest-file.ts";

await start({ sources: [newestFiles((process.env["TREE_PATHS"] ?? ".").split(":"))] });
