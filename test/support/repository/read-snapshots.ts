import { Secret } from "../../../instrumentation/core/secret.ts";
import type { SecretHandle } from "../../../instrumentation/core/secret.ts";
import { systemClock } from "../../../instrumentation/core/clock.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { backendOpener } from "../../../instrumentation/backends/open.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import { ResticSource } from "../../../instrumentation/restic/source.ts";
import { ArrayLogger } from "../core/logger.ts";

/** The compared fields of a snapshot. */
export interface SeenSnapshot {
  readonly id: string;
  readonly hostname: string;
  readonly username: string;
}

/** The snapshots of a repository as the agent reads them, sorted by id. */
export async function readSnapshots(
  backend: Backend,
  password: string,
): Promise<readonly SeenSnapshot[]> {
  const repository = new Repository({
    clock: systemClock,
    reverifyMs: 3_600_000,
    onDerivation: () => {},
  });
  const access = {
    backend,
    password: new Secret(password),
    keyHint: undefined,
    publishedId: undefined,
  };
  const { snapshots, unreadable } = await repository.read(access, new AbortController().signal);
  if (unreadable.size > 0) throw new Error(`unreadable: ${JSON.stringify([...unreadable])}`);
  return sorted(
    [...snapshots.values()].map(({ id, hostname, username }) => ({ id, hostname, username })),
  );
}

/** The same fields in the output of `restic snapshots --json`. */
export function snapshotsOf(json: string): readonly SeenSnapshot[] {
  const parsed: SeenSnapshot[] = JSON.parse(json);
  return sorted(parsed.map(({ id, hostname, username }) => ({ id, hostname, username })));
}

function sorted(snapshots: readonly SeenSnapshot[]): readonly SeenSnapshot[] {
  return snapshots.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

interface SourceOptions {
  /** Variables of the repository. */
  readonly environment?: Readonly<Record<string, string>>;
  /** restic's `-o` options. */
  readonly options?: Readonly<Record<string, string>>;
  readonly insecureTls?: boolean;
}

/** A source as the agent opens it. From the environment of the tests it gets only PATH and HOME. */
export function resticSource(
  repo: string,
  password: string,
  { environment = {}, options = {}, insecureTls = false }: SourceOptions = {},
): ResticSource {
  const handles = Object.entries(environment).map(([name, value]) => [name, fixed(value)]);
  return new ResticSource({
    url: repo,
    repo: new Secret(repo),
    password: fixed(password),
    environment: Object.fromEntries(handles),
    options,
    insecureTls,
    reverifyMs: 3_600_000,
    openBackend: backendOpener(),
    processEnvironment: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
    clock: systemClock,
    logger: new ArrayLogger(),
  });
}

function fixed(value: string): SecretHandle {
  const secret = Promise.resolve(new Secret(value));
  return { current: () => secret, refresh: () => secret, resolvedAt: 0 };
}
