import type { AgentError } from "./error.ts";
import type { Labels } from "./source.ts";

/** Begins a span about a subject; what it returns ends it, with what went wrong. */
export type StartSpan = (subject: Labels) => (error?: AgentError) => void;
