import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

import { hashSync } from "bcryptjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { execForm, stagesOf } from "../../support/agent/dockerfile.ts";
import { output, ROOT, sizeMib } from "../../support/agent/packed.ts";
import { mayUseRegistry } from "../../support/agent/peers.ts";
import { startServer } from "../../support/http/server.ts";

const run = promisify(execFile);
const NODE = "/usr/local/bin/node";
/** The settings of an agent with one repository. */
const WEB = {
  RESTIC_REPOSITORY: join(ROOT, "examples/repositories/web"),
  RESTIC_PASSWORD: "web-password",
};

async function stages() {
  return stagesOf(await readFile(join(ROOT, "Dockerfile"), "utf8"));
}

/** The arguments of the last instruction with this name in a stage. */
async function last(stage: string, instruction: string): Promise<string> {
  const found = (await stages()).find(({ name }) => name === stage);
  return found?.instructions.findLast(({ name }) => name === instruction)?.rest ?? "";
}

test("the image runs without a shell, as an unprivileged numeric user", async () => {
  for (const stage of ["agent", "programs"]) expect(await last(stage, "USER")).toBe("65532:65532");
  expect((await stages()).at(-1)).toMatchObject({ base: "agent", instructions: [] });
  expect(execForm(await last("agent", "ENTRYPOINT"))).toEqual([NODE, "/app/dist/main.js"]);
  const agent = (await stages()).find(({ name }) => name === "agent");
  expect(agent?.instructions.filter(({ name }) => name === "RUN")).toEqual([]);
});

test(".dockerignore includes the files that the Dockerfile copies, and no others", async () => {
  const ignored = (await readFile(join(ROOT, ".dockerignore"), "utf8")).split("\n");
  const [build] = await stages();
  const sources = (build?.instructions ?? [])
    .filter(({ name }) => name === "COPY")
    .flatMap(({ rest }) => rest.split(/ +/).slice(0, -1));
  expect(sources).toContain("src");
  for (const source of sources) expect(ignored).toContain(`!${source.split("/")[0]}`);
  expect(ignored.filter((line) => line.startsWith("!"))).toHaveLength(
    new Set(sources.map((source) => source.split("/")[0])).size,
  );
});

/** Runs the instructions of the Dockerfile in folders, so that no container engine is needed. */
describe.skipIf(!mayUseRegistry())("the image, built in folders,", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "image-"));
    for (const { name, instructions } of await stages()) {
      if (name === "programs" || name === "") continue;
      await carryOut(join(folder, name), instructions);
    }
  }, 600_000);

  afterAll(() => rm(folder, { recursive: true }));

  async function carryOut(
    root: string,
    instructions: readonly { readonly name: string; readonly rest: string }[],
  ): Promise<void> {
    let workdir = root;
    for (const { name, rest } of instructions) {
      if (name === "WORKDIR") workdir = join(root, rest);
      if (name === "RUN") {
        const [program = "", ...args] = execForm(rest) ?? [];
        await output(program, args, workdir);
      }
      if (name !== "COPY") continue;
      const [, from, words = ""] = /^(?:--from=(\w+) )?(.*)$/.exec(rest) ?? [];
      const sources = words.split(/ +/);
      const target = sources.pop() ?? "";
      // The Node.js that runs this test is used.
      if (sources.includes(NODE)) continue;
      for (const source of sources)
        await copy(
          from === undefined ? join(ROOT, source) : join(folder, from, source),
          join(
            target.startsWith("/") ? root : workdir,
            target,
            target.endsWith("/") ? basename(source) : "",
          ),
        );
    }
  }

  async function copy(source: string, target: string): Promise<void> {
    await mkdir(dirname(target), { recursive: true });
    await cp(source, target, {
      recursive: true,
      verbatimSymlinks: true,
      // As .dockerignore does.
      filter: (path) => !source.startsWith(ROOT) || !/\/(?:node_modules|dist)$/.test(path),
    });
  }

  test("works, is small, and contains no build tools", async () => {
    const app = join(folder, "agent/app");
    const main = join(app, "dist/main.js");
    const { stdout } = await run(process.execPath, [main, "--once"], { cwd: folder, env: WEB });
    expect(stdout).toContain("backup_repository_up{");
    const version = await run(process.execPath, [main, "--version"], { cwd: folder, env: {} });
    expect(version.stdout).toMatch(/^restic-otel \d/);
    const modules = join(app, "node_modules");
    const files = await readdir(modules, { recursive: true, withFileTypes: true });
    const count = files.filter((entry) => entry.isFile()).length;
    const mib = await sizeMib(app);
    process.stdout.write(
      `production install: ${mib.toFixed(1)} MiB, ${count} files of dependencies\n`,
    );
    expect(mib).toBeLessThan(60);
    expect(await readdir(modules)).not.toContain("typescript");
    expect(await readdir(app)).toEqual(["dist", "instrumentation", "node_modules", "package.json"]);
  });

  test("has a health check that succeeds while the agent runs, and fails afterwards", async () => {
    const inside = (words: readonly string[] | undefined): readonly string[] =>
      (words ?? []).slice(1).map((word) => word.replace(/^\/app\//, join(folder, "agent/app/")));
    const agent = await startServer({
      command: process.execPath,
      args: inside(execForm(await last("agent", "ENTRYPOINT"))),
      announces: /msg=listening address=(\S+)/,
      url: (address) => address,
      env: { ...WEB, RESTIC_OTEL_BIND: "127.0.0.1:0" },
    });
    const check = inside(execForm(await last("agent", "HEALTHCHECK")));
    const healthy = async (): Promise<boolean> =>
      run(process.execPath, [...check], { env: { ...WEB, RESTIC_OTEL_BIND: agent.url } }).then(
        () => true,
        () => false,
      );
    expect(await healthy()).toBe(true);
    await agent.stop();
    expect(await healthy()).toBe(false);
  });

  test("contains its worker threads: one compares passwords, one reads local files", async () => {
    const app = join(folder, "agent/app");
    const thread = join(app, "instrumentation/dist/backends/local/file-reader-worker.js");
    expect(await readFile(thread, "utf8")).toContain("parentPort");
    const webConfig = join(folder, "web.yml");
    await writeFile(webConfig, `basic_auth_users: { alice: ${hashSync("password", 4)} }\n`);
    const agent = await startServer({
      command: process.execPath,
      args: [join(app, "dist/main.js"), `--web.config.file=${webConfig}`],
      announces: /msg=listening address=(\S+)/,
      url: (address) => address,
      env: { ...WEB, RESTIC_OTEL_BIND: "127.0.0.1:0" },
    });
    const statusFor = async (password: string): Promise<number> => {
      const authorization = `Basic ${Buffer.from(`alice:${password}`).toString("base64")}`;
      const answer = await fetch(`http://${agent.url}/api/status`, { headers: { authorization } });
      await answer.body?.cancel();
      return answer.status;
    };
    expect([await statusFor("password"), await statusFor("wrong")]).toEqual([200, 401]);
    await agent.stop();
  });
});
