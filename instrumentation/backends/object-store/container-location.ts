import { posix } from "node:path";

import type { AgentError } from "../../core/error.ts";

/** A container (Azure, Swift) or bucket (Google), and the path of the repository in it. */
export interface ContainerLocation<Scheme extends "azure" | "gs" | "swift"> {
  readonly scheme: Scheme;
  readonly container: string;
  /** Normalised, without leading and trailing slash; empty: the root. */
  readonly prefix: string;
}

/** Names that all three services allow; each service has further rules and checks them itself. */
const NAME = /^[^/\\\p{Cc}]{1,256}$/u;

/**
 * The part behind the scheme, as restic reads it: `container:/prefix`. The colon is needed, for Swift the slash as well.
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
    throw invalid(
      `the ${scheme === "gs" ? "bucket" : "container"} is missing or invalid, expected ${form}`,
    );
  if (colon < 0) throw invalid(`the colon after the name is missing, expected ${form}`);
  if (scheme === "swift" && !path.startsWith("/"))
    throw invalid(`the prefix must begin with a slash, expected ${form}`);
  const prefix = posix.join("/", path).replace(/^\//, "").replace(/\/$/, "");
  if (/\p{Cc}/u.test(prefix)) throw invalid("control characters are not allowed");
  return { scheme, container, prefix };
}
