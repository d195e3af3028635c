/** A test compares both with package.json. Bundlers could not follow a read at run time. */
export const NAME = "restic-otel-instrumentation";
export const VERSION = "0.2.0";
