import { Secret } from "../../instrumentation/core/secret.ts";
import type { Clock } from "../../instrumentation/core/clock.ts";
import type { Backend } from "../../instrumentation/restic/backend/backend.ts";
import { parseLocation } from "../../instrumentation/restic/backend/location.ts";
import { openRclone } from "../../instrumentation/restic/backend/rclone.ts";
import { openSftp } from "../../instrumentation/restic/backend/sftp.ts";
import { FakeClock } from "./clock.ts";

interface ChildOptions {
  /** restic's `-o` options. */
  readonly options?: Readonly<Record<string, string>>;
  /** Variables of the repository. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
}

/** The backend of a repository string that begins with `sftp:` or `rclone:`, without retries. */
export function openChildAt(
  repo: string,
  { options = {}, environment = {}, clock = new FakeClock() }: ChildOptions = {},
): Backend {
  const location = parseLocation(repo);
  const secrets = Object.entries(environment).map(([name, value]) => [name, new Secret(value)]);
  const context = {
    environment: Object.fromEntries(secrets),
    options,
    proxyEnvironment: {},
    clock,
    cost: { list: { requests: 0, receivedBytes: 0 }, load: { requests: 0, receivedBytes: 0 } },
  };
  if (location.scheme === "sftp") return openSftp(location, context);
  if (location.scheme === "rclone") return openRclone(location, context);
  throw new Error(`${repo} is of no child process`);
}
