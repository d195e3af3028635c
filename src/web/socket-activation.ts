import type { Inherited } from "./listen.ts";

/** sd_listen_fds(3): the first descriptor that is handed over. */
const FIRST = 3;

/**
 * The sockets that a service manager has opened for this process, sd_listen_fds(3): none if there is none, or they are meant
 * for another process.
 */
export function inheritedSockets(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): readonly Inherited[] {
  const { LISTEN_PID, LISTEN_FDS } = env;
  if (LISTEN_PID !== String(pid) || !/^[1-9]\d{0,2}$/.test(LISTEN_FDS ?? "")) return [];
  return Array.from({ length: Number(LISTEN_FDS) }, (_, index) => ({ fd: FIRST + index }));
}
