import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { peerPath, type Peer } from "../agent/peers.ts";

interface ResticOptions {
  /** As in RESTIC_REPOSITORY: a folder or `rest:http://…`. */
  readonly repo: string;
  readonly password: string;
  /** Default: the newest restic. */
  readonly version?: Extract<Peer, `restic${string}`>;
  /** The host of a backup; default: the name of the machine. */
  readonly host?: string;
  /** The user of a backup; empty: none. restic has no option for it: the test must run as root. */
  readonly user?: string;
  /** The time of a backup, "2024-01-02 03:04:05", in the time zone env.TZ (default: UTC). */
  readonly time?: string;
  /** Added to the variables of restic, which gets only PATH from the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** restic is killed after this time (default: 60 s), since it retries for minutes when a server fails. */
  readonly timeoutMs?: number;
}

/** A uid without an entry in /etc/passwd: restic takes the user name from $USER. */
const NAMELESS_UID = "54321";

const run = promisify(execFile);

/** Runs restic and returns its standard output; rejects with its standard error unless it exits with 0. */
export async function restic(args: readonly string[], options: ResticOptions): Promise<string> {
  const { repo, password, version = "restic", host, user, time, timeoutMs = 60_000 } = options;
  const words = [peerPath(version), "--no-cache", ...args];
  if (host !== undefined) words.push("--host", host);
  if (time !== undefined) words.push("--time", time);
  if (user !== undefined) words.unshift(...asNamelessUser());
  const [command = "", ...rest] = words;
  const { stdout } = await run(command, rest, {
    env: {
      PATH: process.env["PATH"],
      HOME: tmpdir(),
      TZ: "UTC",
      RESTIC_REPOSITORY: repo,
      RESTIC_PASSWORD: password,
      ...(user !== undefined && user !== "" && { USER: user }),
      ...options.env,
    },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    maxBuffer: 64 * 2 ** 20,
  });
  return stdout;
}

/** The capability gives access to a repository that belongs to root. */
function asNamelessUser(): readonly string[] {
  if (process.getuid?.() !== 0) throw new Error("a backup of another user needs root");
  const reach = "+dac_override";
  return [
    "setpriv",
    "--reuid",
    NAMELESS_UID,
    "--clear-groups",
    "--inh-caps",
    reach,
    "--ambient-caps",
    reach,
  ];
}
