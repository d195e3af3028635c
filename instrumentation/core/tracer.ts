import type { AgentError } from "./error.ts";
import type { Labels } from "./source.ts";

/** Starts a span about a subject; the returned function ends the span, with the error if there is one. */
export type StartSpan = (subject: Labels) => (error?: AgentError) => void;
