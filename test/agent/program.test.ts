import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { helpText } from "../../src/settings/help.ts";
import { FaultServer, status } from "../support/http/fault-server.ts";
import { listeningPort } from "../support/core/listening-port.ts";
import { ProgramFolder, runAgent } from "../support/agent/program.ts";
import { repositoryFolder } from "../support/repository/repository-folder.ts";
import { Samples } from "../support/agent/samples.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples/repositories");
const WEB = { repo: join(EXAMPLES, "web"), password: "web-password" };
const LAPTOP = { repo: join(EXAMPLES, "laptop"), password: "CANARY" };

const program = new ProgramFolder();

describe("the program", () => {
  test("prints the help for --help", async () => {
    expect(await runAgent(["--help"])).toEqual({ code: 0, stdout: helpText(), stderr: "" });
  });

  test("prints version, commit and Node.js for --version", async () => {
    const { version } = JSON.parse(await readFile("package.json", "utf8"));
    const { code, stdout } = await runAgent(["-version"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(
        `^restic-otel ${version} \\(([0-9a-f]{40}|unknown), Node\\.js v\\d+\\.\\d+\\.\\d+\\)\\n$`,
      ),
    );
  });

  test("names the required version on an older Node.js", async () => {
    const preload = `Object.defineProperty(process, "versions", { value: { node: "22.18.0" } });
      Object.defineProperty(process, "version", { value: "v22.18.0" });`;
    const { code, stderr } = await runAgent(["--version"], { preload });
    expect(code).toBe(2);
    expect(stderr).toBe("restic-otel needs Node.js 22.19 or later, this is v22.18.0\n");
  });

  test.for(["SIGHUP", "SIGUSR1"])("ignores %s before the agent is loaded", async (signal) => {
    const preload = `import { registerHooks } from "node:module";
      registerHooks({ resolve(name, context, next) {
        if (name === "./start.js") process.kill(process.pid, "${signal}");
        return next(name, context);
      } });`;
    const { code, stderr } = await runAgent(["--version"], { preload });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("exits with 2 for an unknown flag", async () => {
    expect(await runAgent(["--cnofig=x"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "unknown flag --cnofig, did you mean --config?; restic-otel --help lists the flags\n",
    });
  });
});

describe("--once", () => {
  test("exits with 0 after a success, with the exposition on stdout", async () => {
    const { code, stdout, stderr } = await program.run([WEB], ["--once"]);
    expect(code).toBe(0);
    const samples = new Samples(stdout);
    expect(samples.value("backup_repository_up", { url: WEB.repo })).toBe(1);
    expect(samples.sets(WEB.repo).length).toBeGreaterThan(3);
    expect(stderr).toMatch(
      /^time=\S+ level=info msg="collection finished" total=1 failed=0 seconds=\S+\n$/,
    );
  });

  test("prints a table instead with --format table", async () => {
    const { code, stdout } = await program.run([WEB, LAPTOP], ["--once", "--format", "table"], {
      COLUMNS: "200",
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^REPOSITORY +HOST +USER +SNAPSHOTS +NEWEST \(UTC\) +AGE +STATE\n/);
    expect(stdout).toMatch(
      new RegExp(`^${WEB.repo}  web-3  root +1  2024-12-31 01:15 .* late$`, "m"),
    );
    expect(stdout).toContain(
      `${LAPTOP.repo}: failing, wrong_password\n  the password does not open`,
    );
    expect(stdout).not.toContain("backup_");
    const prometheus = await program.run([WEB], ["--once", "--format=prometheus"]);
    expect(prometheus.stdout).toContain("backup_snapshot_count{");
  });

  test.for([[{ repositories: [] }], [[{ ...WEB, disabled: true }]]])(
    "settings without an enabled repository show 0 repositories: %j",
    async ([settings]) => {
      const { code, stdout } = await program.run(settings, ["--once"]);
      expect(code).toBe(0);
      expect(new Samples(stdout).value("restic_otel_repositories")).toBe(0);
    },
  );

  test("an unknown format is rejected, and the error lists both", async () => {
    expect(await program.run([WEB], ["--once", "--format", "json"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        '--format: must be one of prometheus, table, not "json"; restic-otel --help lists the flags\n',
    });
  });

  test("exits with 1 if a repository failed, and prints the others", async () => {
    const { code, stdout, stderr } = await program.run(
      [WEB, LAPTOP],
      ["--once", "--log-format=json"],
    );
    expect(code).toBe(1);
    const samples = new Samples(stdout);
    expect(samples.value("backup_repository_up", { url: WEB.repo })).toBe(1);
    expect(samples.value("backup_job_error_count")).toBe(1);
    expect(
      stderr
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { level: "warn", msg: "collection failed", url: LAPTOP.repo, error_type: "wrong_password" },
      { level: "info", msg: "collection finished", total: 2, failed: 1 },
    ]);
    expect(stdout + stderr).not.toContain("CANARY");
  });

  test("does not listen", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { code } = await program.run(
      [WEB],
      ["--once", "--bind", `127.0.0.1:${listeningPort(taken)}`],
    );
    expect(code).toBe(0);
    taken.close();
  });

  test("collects the repository of restic's own variables without a file", async () => {
    const { code, stdout } = await runAgent(["--once"], {
      cwd: program.path,
      env: { RESTIC_REPOSITORY: WEB.repo, RESTIC_PASSWORD_COMMAND: "echo 'web-password'" },
    });
    expect(code).toBe(0);
    expect(new Samples(stdout).value("backup_repository_up", { url: WEB.repo })).toBe(1);
  });

  test("collects a repository without a password", async () => {
    const sealed = new SealedRepository("");
    sealed.addSnapshot({ time: "2024-05-01T12:00:00Z" });
    const repo = await repositoryFolder(sealed.files, join(program.path, "r"));
    const { code, stdout } = await program.run([{ repo, insecure_no_password: true }], ["--once"]);
    expect(code).toBe(0);
    expect(new Samples(stdout).value("backup_repository_snapshots", { url: repo })).toBe(1);
  });

  test("a secret that cannot be resolved only affects its repository", async () => {
    const entries = [WEB, { repo: "/b", password: { env: "NEVER_SET" } }];
    const { code, stdout, stderr } = await program.run(entries, ["--once"]);
    expect(code).toBe(1);
    const samples = new Samples(stdout);
    expect(samples.value("backup_repository_error", { url: "/b", error_type: "secret" })).toBe(1);
    expect(samples.value("backup_repository_up", { url: WEB.repo })).toBe(1);
    expect(stderr).toContain('error="the variable NEVER_SET is not set"');
  });
});

test("an address in use ends the agent with 2 and a hint", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const bind = `127.0.0.1:${listeningPort(taken)}`;
  const { code, stdout, stderr } = await program.run(
    [WEB],
    ["--bind", bind, "--log-level", "error"],
  );
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: "",
    stderr: `cannot listen on ${bind}: the address is in use: stop the process that listens there, or set another address with --bind\n`,
  });
  taken.close();
});

test("a login of the environment is not sent to the servers of a file", async () => {
  const server = await FaultServer.start();
  server.answers(status(401));
  await program.run([{ repo: `rest:${server.url}/`, password: "p" }], ["--once"], {
    RESTIC_REST_USERNAME: "u",
    RESTIC_REST_PASSWORD: "w",
  });
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  await server.stop();
});
