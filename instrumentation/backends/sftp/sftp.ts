import { posix } from "node:path";

import { AgentError } from "../../core/error.ts";
import { listedFiles, pathOf } from "../backend.ts";
import type { Backend } from "../backend.ts";
import { listPacks } from "../pack-folders.ts";
import {
  commandOption,
  lastLine,
  printable,
  programShown,
  startChild,
} from "../child-process/child-process.ts";
import type { ChildExit } from "../child-process/child-process.ts";
import type { BackendContext } from "../context.ts";
import { sftpAddress } from "./location.ts";
import type { SftpLocation } from "./location.ts";
import { SftpClient } from "./client.ts";
import type { SftpPath } from "./client.ts";
import { SharedConnection } from "../child-process/shared-connection.ts";
import type { Connection } from "../child-process/shared-connection.ts";

/** A folder over the system's ssh, with its settings, agent, jump hosts and known hosts. */
export function openSftp(location: SftpLocation, context: BackendContext): Backend {
  const where = sftpAddress(location);
  const command = sshCommand(location, context);
  const connection = new SharedConnection(() => connect(command, where, context), context.clock);
  const below = (...names: readonly string[]): SftpPath => {
    const path = posix.join(location.path, ...names);
    return { path, shown: sftpAddress({ ...location, path }) };
  };
  return {
    location: where,
    connections: context.connections,
    slices: true,
    list: (type, from, signal, options) =>
      connection.use(async ({ client }) => {
        const files = { type, kind: "files" } as const;
        if (type !== "data") {
          const listing = await client.list(below(type), files, signal);
          const { receivedBytes } = listing;
          return { ...listedFiles(listing.files, options), next: undefined, receivedBytes };
        }
        const folders = await client.list(below(type), { type, kind: "folders" }, signal);
        const page = await listPacks({
          folders: folders.files.map(({ name }) => name),
          list: (folder) => client.list(below(type, folder), files, signal),
          from,
          options,
        });
        return { ...page, receivedBytes: page.receivedBytes + folders.receivedBytes };
      }, signal),
    load: (type, name, signal) =>
      connection.use(
        ({ client }) => client.load(below(pathOf(type, name)), context.maxSizeBytes[type], signal),
        signal,
      ),
    close: () => connection.close(),
  };
}

type Command = readonly [string, ...string[]];

/** restic's command, but without prompts. ssh uses the first value of an option. */
function sshCommand({ user, host, port }: SftpLocation, context: BackendContext): Command {
  const command = commandOption("sftp.command", context);
  const args = commandOption("sftp.args", context);
  if (command && args)
    throw new AgentError("config", "set only one of the options sftp.command and sftp.args");
  return (
    command ?? [
      "ssh",
      "-oBatchMode=yes",
      host,
      ...(port === undefined ? [] : ["-p", port]),
      ...(user === undefined ? [] : ["-l", user]),
      ...(args ?? []),
      "-s",
      "sftp",
    ]
  );
}

interface SftpConnection extends Connection {
  readonly client: SftpClient;
}

function connect(command: Command, where: string, context: BackendContext): SftpConnection {
  const { redact, requestTimeoutMs, clock } = context;
  // Without a terminal ssh would open a window for prompts.
  const defaults = { SSH_ASKPASS_REQUIRE: "never" };
  const child = startChild({ ...context, command, defaults });
  // A server may send 512 KiB.
  const shown = (text: string): string => printable(redact(text.slice(0, 4096)));
  const client = new SftpClient({ pipes: child, where, shown, requestTimeoutMs, clock });
  child.stdout.once("end", () => void child.end());
  client.dead.addEventListener("abort", child.kill);
  void child.exited.then((exit) => client.die(sshFailure(exit, child.stderr(), command[0], where)));
  return { client, dead: client.dead, end: () => child.end() };
}

const NO_NETWORK =
  /Could not resolve|Connection (?:refused|closed|reset|timed out)|timed out|No route|unreachable|kex_exchange|closed by remote|Broken pipe/i;

/** The failure that ssh's last messages describe. Its exit status is 255 for nearly all failures. */
function sshFailure(
  { started, how }: ChildExit,
  stderr: string,
  program: string,
  where: string,
): AgentError {
  if (!started)
    return new AgentError(
      "config",
      `${where}: the program${programShown(program)} ${how}: install OpenSSH's client, or name another program in the option sftp.command`,
    );
  const said = lastLine(stderr);
  const words = said === "" ? `${program} ${how}` : `${program} ${how}: "${said}"`;
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(stderr))
    return new AgentError(
      "unreachable",
      `${where}: the host key has changed: if that is intended, remove the old key (ssh-keygen -R) and add the new one to known_hosts; ${words}`,
    );
  if (/Host key verification failed|host key is known/.test(stderr))
    return new AgentError(
      "unreachable",
      `${where}: the host key is unknown: connect once by hand as the user of this program, or add the key to known_hosts (ssh-keyscan, and compare the fingerprint); ${words}`,
    );
  if (/Permission denied \(|Too many authentication failures/.test(stderr))
    return new AgentError(
      "denied",
      `${where}: the server accepts no key: add a key to its authorized_keys that ssh can use without a passphrase (IdentityFile in ssh_config, or an agent); ${words}`,
    );
  if (/subsystem request failed/.test(stderr))
    return new AgentError("config", `${where}: the server does not support SFTP; ${words}`);
  if (NO_NETWORK.test(stderr))
    return new AgentError("unreachable", `${where} is unreachable: ${words}`, {
      transient: true,
    });
  return new AgentError("unreachable", `${where}: the connection ended: ${words}`, {
    transient: true,
  });
}
