import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { openChildAt } from "./child-backend.ts";
import { FakeClock } from "../core/clock.ts";
import { repositoryFolder } from "../repository/repository-folder.ts";
import type { RepositoryFiles } from "../repository/sealed-repository.ts";

export const REPO = "sftp:user@host:repo";

/** The option sftp.command for fake-sftp.ts. */
export function fakeSftpCommand(folder: string, fault?: string): string {
  const program = `${process.execPath} ${join(import.meta.dirname, "fake-sftp.ts")}`;
  return `${program} ${folder}${fault === undefined ? "" : ` '${fault}'`}`;
}

/** Backends over fake-sftp.ts, which serves the folder `repo` in a temporary folder. */
export class FakeSftp {
  readonly folder: string;
  readonly #log: string;
  readonly #opened: Backend[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.#log = join(folder, "log");
  }

  static async start(): Promise<FakeSftp> {
    return new FakeSftp(await mkdtemp(join(tmpdir(), "sftp-")));
  }

  async write(files: RepositoryFiles): Promise<void> {
    await repositoryFolder(files, join(this.folder, "repo"));
  }

  open(
    fault?: string,
    environment: Readonly<Record<string, string>> = {},
    clock = new FakeClock(),
    repo = REPO,
  ): Backend {
    const backend = openChildAt(repo, {
      options: { "sftp.command": fakeSftpCommand(this.folder, fault) },
      environment: { FAKE_LOG: this.#log, ...environment },
      clock,
    });
    this.#opened.push(backend);
    return backend;
  }

  /** One line for each start and each request of all programs, as soon as `line` is among them. */
  async logged(line: string): Promise<readonly string[]> {
    for (;;) {
      const log = await readFile(this.#log, "utf8").catch(() => "");
      const lines = log.split("\n");
      if (lines.includes(line)) return lines;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The number of started programs. */
  async starts(): Promise<number> {
    return (await this.logged("start")).filter((line) => line === "start").length;
  }

  async close(): Promise<void> {
    for (const backend of this.#opened) await backend.close?.();
    await rm(this.folder, { recursive: true });
  }
}

/** Key files whose content is their name. */
export function filesOf(...contents: readonly string[]): RepositoryFiles {
  return new Map(contents.map((content) => [`keys/${content}`, Buffer.from(content)]));
}
