import type { AgentError } from "../../core/error.ts";

export interface LocalLocation {
  readonly scheme: "local";
  readonly path: string;
}

/** Paths that restic takes for a directory although they contain a colon: absolute, `../…`, `C:\…`. */
const PATH = /^(\/|\\|\.\.[/\\]|[A-Za-z]:[/\\])/;

/** A repository string without a scheme; undefined if it looks like one with a scheme. */
export function parsePath(repo: string): LocalLocation | undefined {
  return !repo.includes(":") || PATH.test(repo) ? { scheme: "local", path: repo } : undefined;
}

/**
 * The part behind `local:`.
 * @param invalid makes the error for a problem
 */
export function parseLocal(path: string, invalid: (problem: string) => AgentError): LocalLocation {
  if (path === "") throw invalid("the path after local: is missing");
  return { scheme: "local", path };
}
