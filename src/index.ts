// An agent with sources, backends or ways to secrets of your own: a small main of yours calls `start`.
export { start } from "./start.ts";
export type { Extensions } from "restic-otel-instrumentation";
