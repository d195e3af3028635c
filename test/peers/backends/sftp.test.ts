import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join, relative } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { backendSuite } from "../../support/backends/backend-suite.ts";
import { openChildAt } from "../../support/backends/child-backend.ts";
import { children, childrenSince } from "../../support/stores/children.ts";
import { failureOf } from "../../support/core/failure.ts";
import { fakeSftpCommand } from "../../support/backends/fake-sftp-backend.ts";
import { requirePeer, requireSshd } from "../../support/agent/peers.ts";
import {
  readSnapshots,
  resticSource,
  snapshotsOf,
} from "../../support/repository/read-snapshots.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";
import { restic } from "../../support/repository/restic-cli.ts";
import type { RepositoryFiles } from "../../support/repository/sealed-repository.ts";
import { sshd } from "../../support/stores/sshd.ts";
import type { Sshd } from "../../support/stores/sshd.ts";

const { signal } = new AbortController();

describe.skipIf(!requireSshd())("sshd", () => {
  let root: string;
  let server: Sshd;
  const opened: Backend[] = [];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "sshd-"));
    server = await sshd(join(root, "settings"));
  });

  afterAll(async () => {
    for (const backend of opened) await backend.close?.();
    await rm(root, { recursive: true });
    const left = await children();
    if (left.length > 0) throw new Error(`processes still run: ${left.join(", ")}`);
  });

  function open(repo: string, args = server.args): Backend {
    const backend = openChildAt(repo, { options: { "sftp.args": args }, clock: systemClock });
    opened.push(backend);
    return backend;
  }

  const forms: Readonly<Record<string, (folder: string) => string>> = {
    "an absolute path": (folder) => `sftp:peer:${folder}`,
    // sshd takes the home directory from the passwd entry, whatever $HOME is.
    "a path below the home directory": (folder) =>
      `sftp:peer:${relative(userInfo().homedir, folder)}`,
    "a URL": (folder) => `sftp://peer/${folder}`,
  };

  for (const [name, repo] of Object.entries(forms)) {
    const openWith = async (files: RepositoryFiles): Promise<Backend> => {
      const folder = await repositoryFolder(files, await mkdtemp(join(root, "repository-")));
      return open(repo(folder), server.readOnlyArgs);
    };
    backendSuite(`read-only sshd, ${name}`, openWith);
  }

  describe.skipIf(!requirePeer("restic"))("and restic", () => {
    let repo: string;
    const password = "sftp password";

    beforeAll(async () => {
      const data = join(root, "data");
      await mkdir(data);
      await writeFile(join(data, "file"), "content");
      repo = `sftp:peer:${join(root, "repo")}`;
      const options = ["-o", `sftp.args=${server.args}`];
      await restic([...options, "init"], { repo, password });
      for (const host of ["one", "two"])
        await restic([...options, "backup", data], { repo, password, host });
    });

    test("list the same snapshots", async () => {
      const args = ["-o", `sftp.args=${server.args}`, "snapshots", "--json", "--no-lock"];
      const expected = snapshotsOf(await restic(args, { repo, password }));
      expect(expected).toHaveLength(2);
      expect(await readSnapshots(open(repo, server.readOnlyArgs), password)).toEqual(expected);
    });

    test("a second collection needs one list request over one connection, which it closes", async () => {
      const options = { "sftp.args": server.readOnlyArgs };
      const source = resticSource(repo, password, { options });
      const before = await children();
      const first = await source.collect(undefined, signal);
      expect(first).toMatchObject({ complete: true, state: { content: { snapshots: 2 } } });
      const second = await source.collect(first.state, signal);
      const { list, load, keyDerivations } = first.state.cost;
      expect(second.state.cost).toMatchObject({
        list: { requests: list.requests + 1 },
        load,
        keyDerivations,
      });
      expect(await childrenSince(before)).toEqual([]);
    });

    test("the fake SFTP server of the tests works with restic", async () => {
      const folder = join(root, "repo");
      const command = (args: readonly string[]): Promise<string> =>
        restic(["-o", `sftp.command=${fakeSftpCommand(root)}`, "--no-lock", ...args], {
          repo: "sftp:user@anywhere:repo",
          password,
        });
      expect(snapshotsOf(await command(["snapshots", "--json"]))).toEqual(
        snapshotsOf(await restic(["snapshots", "--json"], { repo: folder, password })),
      );
      expect(await command(["check", "--read-data"])).toContain("no errors were found");
    });
  });

  describe("the error explains", () => {
    const failing = async (name: string, settings: Readonly<Record<string, string>>) => {
      const args = await server.variant(name, settings);
      return failureOf(open("sftp:peer:/repo", args).load("config", "", signal));
    };

    test("a key that the server does not accept", async () => {
      expect(await failing("stranger", { IdentityFile: join(root, "settings/stranger") })).toMatch(
        /^denied: sftp:peer:\/repo: the server accepts no key: .*; ssh exited with 255: ".*: Permission denied \(publickey\)\."$/,
      );
    });

    test("an unknown host key", async () => {
      expect(
        await failing("unknown", { UserKnownHostsFile: join(root, "settings/no_hosts") }),
      ).toMatch(
        /^unreachable: sftp:peer:\/repo: the host key is unknown: .*; ssh exited with 255: "Host key verification failed\."$/,
      );
    });

    test("a changed host key", async () => {
      expect(
        await failing("changed", { UserKnownHostsFile: join(root, "settings/changed_hosts") }),
      ).toMatch(
        /^unreachable: sftp:peer:\/repo: the host key has changed: .*: "Host key verification failed\."$/,
      );
    });

    test.for(["sftp.args", "sftp.command"] as const)(
      "a key with a passphrase, without a prompt: %s",
      async (option) => {
        const prompted = join(root, "prompted");
        const SSH_ASKPASS = join(root, "askpass");
        await writeFile(SSH_ASKPASS, `#!/bin/sh\ntouch ${prompted}\n`, { mode: 0o755 });
        const locked = { IdentityFile: join(root, "settings/locked") };
        const args = await server.variant("locked-config", locked);
        const value = option === "sftp.args" ? args : `ssh ${args} peer -s sftp`;
        const backend = openChildAt("sftp:peer:/repo", {
          options: { [option]: value },
          environment: { SSH_ASKPASS, DISPLAY: ":0" },
          clock: systemClock,
        });
        expect(await failureOf(backend.load("config", "", signal))).toMatch(/^denied: /);
        await expect(access(prompted)).rejects.toThrow("ENOENT");
      },
    );

    test("a server without SFTP", async () => {
      const ProxyCommand = `/usr/sbin/sshd -i -E ${join(root, "settings/log")} -f ${join(root, "settings/no_sftp")}`;
      const lines = ["HostKey", "AuthorizedKeysFile"].map(
        (name, index) =>
          `${name} ${join(root, "settings", ["host", "authorized_keys"][index] ?? "")}`,
      );
      await writeFile(
        join(root, "settings/no_sftp"),
        [...lines, "StrictModes no", "UsePAM no", ""].join("\n"),
      );
      expect(await failing("no-sftp", { ProxyCommand })).toMatch(
        /^config: sftp:peer:\/repo: the server does not support SFTP; .*subsystem request failed/,
      );
    });
  });

  test("a closed port and an unknown host name are unreachable", async () => {
    const options = { "sftp.args": "-F none" };
    for (const repo of ["sftp://127.0.0.1:1/repo", "sftp:host.invalid:repo"]) {
      const backend = openChildAt(repo, { options, clock: systemClock });
      expect(await failureOf(backend.load("config", "", signal))).toMatch(
        /^transient unreachable: sftp:.* is unreachable: ssh exited with 255: "ssh: /,
      );
    }
  });

  test("a killed connection is replaced, and close ends the process", async () => {
    const folder = await repositoryFolder(
      new Map([["config", Buffer.from("c")]]),
      join(root, "killed"),
    );
    const before = await children();
    const backend = open(`sftp:peer:${folder}`);
    await backend.load("config", "", signal);
    const ssh = (await childrenSince(before))[0];
    if (ssh === undefined) return expect.fail("no ssh process found");
    process.kill(ssh, "SIGKILL");
    for (let tries = 0; tries < 2; tries++) {
      const loaded = await backend.load("config", "", signal).catch((error: unknown) => error);
      if (loaded instanceof Error) expect(loaded).toMatchObject({ transient: true });
      else expect(loaded).toHaveLength(1);
    }
    expect(await backend.load("config", "", signal)).toHaveLength(1);
    await backend.close?.();
    expect(await childrenSince(before)).toEqual([]);
  });
});
