import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { SSHD } from "../agent/peers.ts";

const run = promisify(execFile);

export interface Sshd {
  /** The option sftp.args by which ssh reaches the sshd as the host `peer`. */
  readonly args: string;
  /** The same for a read-only host. */
  readonly readOnlyArgs: string;
  /** The same with other settings of ssh. */
  readonly variant: (name: string, settings: Readonly<Record<string, string>>) => Promise<string>;
}

/**
 * A folder with keys and settings of a real sshd and a real ssh. ssh starts the sshd as its ProxyCommand and talks over pipes: no port,
 * no server to stop, no root.
 */
export async function sshd(folder: string): Promise<Sshd> {
  await mkdir(folder, { recursive: true });
  // sshd needs this folder; machines on which it never ran as a service lack it.
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true });
  for (const key of ["host", "user", "stranger"]) await generateKey(join(folder, key), "");
  await generateKey(join(folder, "locked"), "passphrase");
  const hostKey = await readFile(join(folder, "host.pub"), "utf8");
  const stranger = await readFile(join(folder, "stranger.pub"), "utf8");
  const accepted = ["user.pub", "locked.pub"].map((name) => readFile(join(folder, name), "utf8"));
  await writeFile(join(folder, "authorized_keys"), (await Promise.all(accepted)).join(""));
  await writeFile(join(folder, "known_hosts"), `peer ${hostKey}`);
  await writeFile(join(folder, "changed_hosts"), `peer ${stranger}`);
  await writeFile(join(folder, "no_hosts"), "");

  const server = async (name: string, subsystem: string): Promise<string> => {
    const lines = [
      `HostKey ${join(folder, "host")}`,
      `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
      "PidFile none",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin prohibit-password",
      "StrictModes no",
      "UsePAM no",
      subsystem,
    ];
    await writeFile(join(folder, name), `${lines.join("\n")}\n`);
    return `${SSHD} -i -E ${join(folder, "log")} -f ${join(folder, name)}`;
  };
  const settings = {
    User: userInfo().username,
    HostName: "peer",
    IdentityFile: join(folder, "user"),
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    UserKnownHostsFile: join(folder, "known_hosts"),
    GlobalKnownHostsFile: "none",
    UpdateHostKeys: "no",
    ProxyCommand: await server("sshd_config", "Subsystem sftp internal-sftp"),
  };
  const variant: Sshd["variant"] = async (name, changed) => {
    const lines = Object.entries({ ...settings, ...changed }).map((line) => line.join(" "));
    const path = join(folder, name);
    await writeFile(path, `Host peer\n  ${lines.join("\n  ")}\n`);
    return `-F ${path}`;
  };
  return {
    args: await variant("config", {}),
    readOnlyArgs: await variant("config-read-only", {
      ProxyCommand: await server("sshd_config_read_only", "Subsystem sftp internal-sftp -R"),
    }),
    variant,
  };
}

async function generateKey(path: string, passphrase: string): Promise<void> {
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", path]);
}
