import { expect } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";

/** The failure of a call, as `transient timeout: message` or `denied: message`. @throws anything but an AgentError */
export async function failureOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => expect.fail("did not fail"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof AgentError)) throw error;
  return `${error.transient ? "transient " : ""}${error.code}: ${error.message}`;
}
