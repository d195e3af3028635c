import type { Clock } from "../core/clock.ts";
import type { Debug } from "../core/log.ts";
import type { Secret } from "../core/secret.ts";
import type { ProxyEnvironment } from "../http/proxy.ts";
import type { Backend, FileType } from "./backend.ts";

export type Variables = Readonly<Record<string, Secret>>;

/** The value of a variable; undefined if it is empty or not set. */
export function valueOf(variables: Variables, name: string): string | undefined {
  return variables[name]?.revealText() || undefined;
}

/** restic's `-o` options by name: `s3.region` and the like. */
export type Options = Readonly<Record<string, string>>;

/** Calls of one kind since the start. Each page of a listing, each retry and each failed call counts. */
interface OperationCost {
  requests: number;
  receivedBytes: number;
}

export interface BackendCost {
  readonly list: OperationCost;
  readonly load: OperationCost;
}

/** The values of settings and process for one repository. */
export interface OpenContext {
  /** Variables of this repository only. */
  readonly environment: Variables;
  /** restic's `-o` options, checked. */
  readonly options?: Options | undefined;
  readonly connections?: number | undefined;
  readonly insecureTls?: boolean;
  readonly requestTimeoutMs?: number | undefined;
  /** Bound of a snapshot file, bytes. Default: `MAX_SIZE_BYTES.snapshots`. */
  readonly maxSnapshotBytes?: number | undefined;
  readonly processEnvironment: ProxyEnvironment;
  readonly clock: Clock;
  readonly cost: BackendCost;
  /** Logs retries. */
  readonly debug?: Debug;
}

/** The context of an open backend. */
export interface BackendContext {
  /** The repository's variables, over those of the process that restic reads for the scheme. All of them are secrets. */
  readonly environment: Variables;
  /** restic's `-o` options, checked. */
  readonly options: Options;
  /** Maximum parallel requests. */
  readonly connections: number;
  /** Accept any server certificate. */
  readonly insecureTls: boolean;
  /** Maximum wait for the first byte of a response, milliseconds. */
  readonly requestTimeoutMs: number;
  /** Bounds of files, bytes: `MAX_SIZE_BYTES` with the setting `maxSnapshotSize`. */
  readonly maxSizeBytes: Readonly<Record<FileType, number>>;
  /**
   * The environment of a child process, below `environment`: that of the process, without the secrets of this program and without the
   * variables of a provider for which the repository sets one itself.
   */
  readonly processEnvironment: ProxyEnvironment;
  /** Replaces all secrets of this program in text of another program, to show it. */
  readonly redact: (text: string) => string;
  /** `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`. */
  readonly proxyEnvironment: ProxyEnvironment;
  readonly clock: Clock;
}

/**
 * Opens the backend of a repository string. Connects to nothing: the first call does.
 * @throws AgentError `config` for a repository string that cannot be read; `secret` or `config` for an unusable variable
 */
export type OpenBackend = (repo: string, context: OpenContext) => Promise<Backend>;

/** @param address the repository string behind the scheme and its colon */
export type OpenCustomBackend = (address: string, context: BackendContext) => Promise<Backend>;
