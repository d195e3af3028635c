// The agent with a way to secrets of your own: node main.ts --config config.yaml, and every other flag of restic-otel.
import { start } from "restic-otel";

import { pass } from "./pass.ts";

await start({ resolvers: [pass] });
