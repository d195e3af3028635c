import { posix } from "node:path";

import type { AgentError } from "../../core/error.ts";

/** A container (Azure, Swift) or bucket (Google) and what lies before the files of the repository in it. */
export interface ContainerLocation<Scheme extends "azure" | "gs" | "swift"> {
  readonly scheme: Scheme;
  readonly container: string;
  /** Cleaned, without a slash at either end; empty for the root. */
  readonly prefix: string;
}

/** None of the three takes more; what else they demand, they say themselves. */
const NAME = /^[^/\\\p{Cc}]{1,256}$/u;

/**
 * What stands behind the scheme, as restic reads it: `container:/prefix`. The colon is needed, for Swift the slash as well.
 * @param invalid makes the error for a problem
 */
export function parseContainer<Scheme extends "azure" | "gs" | "swift">(
  scheme: Scheme,
  address: string,
  invalid: (problem: string) => AgentError,
): ContainerLocation<Scheme> {
  const form = scheme === "gs" ? "gs:bucket:/prefix" : `${scheme}:container:/prefix`;
  const colon = address.indexOf(":");
  const container = colon < 0 ? address : address.slice(0, colon);
  const path = address.slice(colon + 1);
  if (!NAME.test(container))
    throw invalid(`it names no ${scheme === "gs" ? "bucket" : "container"}: ${form}`);
  if (colon < 0) throw invalid(`the colon behind "${container}" is missing: ${form}`);
  if (scheme === "swift" && !path.startsWith("/"))
    throw invalid(`the prefix must begin with a slash: ${form}`);
  const prefix = posix.join("/", path).replace(/^\//, "").replace(/\/$/, "");
  if (/\p{Cc}/u.test(prefix)) throw invalid("it holds a control character");
  return { scheme, container, prefix };
}
