// An agent with your own secret resolver: node main.ts --config config.yaml. It accepts all flags of restic-otel.
import { start } from "restic-otel";

import { pass } from "./pass.ts";

await start({ resolvers: [pass] });
