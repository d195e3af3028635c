// Call `start` from your own main module for an agent with your own sources, backends or secret resolvers.
export { start } from "./start.ts";
export type { Extensions } from "restic-otel-instrumentation/internal";
