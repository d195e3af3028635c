import { parseDurationMs } from "../core/duration.ts";
import { parseBool } from "../core/parse-text.ts";
import type { Options } from "./context.ts";

/** The problem of a value; undefined: none. */
type Check = (value: string) => string | undefined;

const text: Check = () => undefined;

const connections: Check = (value) =>
  /^[1-9]\d{0,4}$/.test(value) ? undefined : "must be a whole number from 1";

const whole: Check = (value) => (/^\d{1,9}$/.test(value) ? undefined : "must be a whole number");

const boolean: Check = (value) =>
  parseBool(value) === undefined ? "must be true or false" : undefined;

const duration: Check = (value) =>
  parseDurationMs(value) === undefined
    ? 'must be a duration with its unit, like "30s" or "1m"'
    : undefined;

const lookup: Check = (value) =>
  /^(?:auto|dns|path)?$/i.test(value) ? undefined : "must be auto, dns or path";

/** The options of `restic options`, restic 0.19. Those for writing are accepted and ignored. */
export const OPTIONS: ReadonlyMap<string, Check> = new Map(
  Object.entries<Check>({
    "azure.access-tier": text,
    "azure.connections": connections,
    "b2.connections": connections,
    "gs.connections": connections,
    "gs.region": text,
    "local.connections": connections,
    "rclone.args": text,
    "rclone.connections": connections,
    "rclone.program": text,
    "rclone.timeout": duration,
    "rest.connections": connections,
    "s3.bucket-lookup": lookup,
    "s3.connections": connections,
    "s3.enable-restore": boolean,
    "s3.layout": text,
    "s3.list-objects-v1": boolean,
    "s3.region": text,
    "s3.restore-days": whole,
    "s3.restore-tier": text,
    "s3.restore-timeout": duration,
    "s3.retries": whole,
    "s3.storage-class": text,
    "s3.unsafe-anonymous-auth": boolean,
    "sftp.args": text,
    "sftp.command": text,
    "sftp.connections": connections,
    "swift.connections": connections,
  }),
);

/** Default of parallel requests: with restic's default of 5 a first collection is slow. */
const CONNECTIONS = 20;

/** Maximum parallel requests: the setting, else restic's option for the scheme, else 20. */
export function connectionsOf(
  scheme: string,
  setting: number | undefined,
  options: Options | undefined,
): number {
  return setting ?? Number(options?.[`${scheme}.connections`] ?? CONNECTIONS);
}
