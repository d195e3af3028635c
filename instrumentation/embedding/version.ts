/** Held against package.json by a test: reading it at run time would break bundlers. */
export const NAME = "restic-otel-instrumentation";
export const VERSION = "0.1.0";
