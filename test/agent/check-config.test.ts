import { rm } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import type { ErrorCode } from "../../instrumentation/core/error.ts";
import { ERROR_HELP } from "../../src/web/status/error-help.ts";
import { FaultServer } from "../support/http/fault-server.ts";
import { ProgramFolder } from "../support/agent/program.ts";
import { restFiles } from "../support/repository/rest-files.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples/repositories");
const WEB = { repo: join(EXAMPLES, "web"), password: "web-password" };
const LAPTOP = { repo: join(EXAMPLES, "laptop"), password: "CANARY" };

const hint = (code: ErrorCode): string => ERROR_HELP[code].hint;

const program = new ProgramFolder();

describe("--check-config", () => {
  test("accepts valid settings", async () => {
    const disabled = { ...WEB, disabled: true };
    const entries = [
      WEB,
      LAPTOP,
      { repo: "rest:http://nowhere.example/", password: "p" },
      disabled,
    ];
    expect(await program.run(entries, ["--check-config"])).toEqual({
      code: 0,
      stdout: "ok: 3 repositories, 1 disabled; no repository was opened: add --open for that\n",
      stderr: "",
    });
  });

  test("counts the expectations", async () => {
    const expected = { name: "web", hosts: ["*"], maxAge: "1d" };
    const { stdout } = await program.run({ repositories: [WEB], expect: [expected] }, [
      "--check-config",
    ]);
    expect(stdout).toBe(
      "ok: 1 repository, 0 disabled, 1 expectation; no repository was opened: add --open for that\n",
    );
  });

  test("counts one repository, and warns about none", async () => {
    expect((await program.run([WEB], ["-check-config"])).stdout).toBe(
      "ok: 1 repository, 0 disabled; no repository was opened: add --open for that\n",
    );
    expect(await program.run([], ["--check-config"])).toEqual({
      code: 0,
      stdout: "ok: 0 repositories, 0 disabled; no repository was opened: add --open for that\n",
      stderr: "warning: FILE: no repository is enabled, there is nothing to collect\n",
    });
  });

  test("reports all problems of invalid settings", async () => {
    const invalid =
      '[{"repo": "/a", "password": "CANARY",\n"disabeld": 1}, {"repo": "/a", "password": "CANARY"}]';
    expect(await program.run(invalid, ["--check-config"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "FILE:2:1: [0] (/a).disabeld: unknown key, did you mean disabled?\n" +
        "FILE:2:18: [1] (/a).repo: is the same repository as [0] (credentials are not compared): remove one of the two\n",
    });
  });

  test("reports secrets that cannot be resolved, except those of disabled entries", async () => {
    const entries = [
      { repo: "/a", password: { env: "NEVER_SET" } },
      { repo: "/b", password: { file: join(program.path, "nothing") } },
      { repo: "/c", password: { command: ["false", "CANARY"] } },
      { repo: "/d", password: "p", environment: { RESTIC_REST_PASSWORD: { env: "NEVER_SET" } } },
      { repo: "/e", password: { command: ["echo", "CANARY"] } },
      { repo: "/f", password: { env: "NEVER_SET" }, disabled: true },
    ];
    expect(await program.run(entries, ["--check-config"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "/a: password: the variable NEVER_SET is not set\n" +
        `/b: password: the file ${program.path}/nothing does not exist\n` +
        "/c: password: the command false exited with 1\n" +
        "/d: RESTIC_REST_PASSWORD: the variable NEVER_SET is not set\n",
    });
  });
});

test("--check-config reports an unreachable Vault", async () => {
  const { code, stderr } = await program.run(
    [{ repo: "/a", vault_material: "restic/a" }],
    ["--check-config"],
    { VAULT_ADDR: "http://127.0.0.1:1", VAULT_TOKEN: "CANARY" },
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(/^\/a: password: .*127\.0\.0\.1:1 refuses the connection/);
});

test("--check-config reports a proxy that OTLP cannot use, and accepts a SOCKS proxy", async () => {
  const repositories = [{ repo: "rest:http://nowhere.example/", password: "p" }];
  const settings = { repositories, otlp: [{ endpoint: "http://otel.example:4318" }] };
  const by = (scheme: string) =>
    program.run(settings, ["--check-config"], {
      HTTP_PROXY: `${scheme}://user:CANARY@proxy.example:1080`,
    });
  expect((await by("socks5")).code).toBe(0);
  expect(await by("ftp")).toEqual({
    code: 2,
    stdout: "",
    stderr:
      "http://otel.example:4318/v1/metrics: HTTP_PROXY is not an address like http://host:3128 or socks5://host:1080\n",
  });
});

describe("--check-config --open", () => {
  test("prints a line for each repository, and exits with 1 if one fails", async () => {
    const entries = [
      WEB,
      LAPTOP,
      { repo: "/nothing", password: "p" },
      { repo: "/a", password: { env: "NEVER_SET" } },
      { ...WEB, repo: "/disabled", disabled: true },
    ];
    expect(await program.run(entries, ["--check-config", "--open"])).toEqual({
      code: 1,
      stdout: `${WEB.repo}: ok, repository 56fa2e47, version 2
${LAPTOP.repo}: failed, wrong_password: the password does not open the key of the repository. ${hint("wrong_password")}
/nothing: failed, not_found: no restic repository at /nothing: the config file is missing. ${hint("not_found")}
/a: failed, secret: the variable NEVER_SET is not set. ${hint("secret")}
failed: 3 of 4 repositories, 1 disabled
`,
      stderr: "",
    });
  });

  test("exits with 0 if all are opened, reads no snapshot, and prints no login", async () => {
    const sealed = new SealedRepository("CANARY");
    sealed.addSnapshot({ time: "2024-05-01T12:00:00Z" });
    const server = await FaultServer.start();
    onTestFinished(() => server.stop());
    server.answers(restFiles(sealed.files, 2));
    const { host } = new URL(server.url);
    const { code, stdout, stderr } = await program.run(
      [{ repo: `rest:http://u:CANARY@${host}/`, password: "CANARY" }],
      ["--check-config", "--open"],
    );
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `rest:http://${host}/: ok, repository ${sealed.id.slice(0, 8)}, version 2
ok: 1 repository, 0 disabled; all were opened
`,
      stderr: "",
    });
    const paths = server.requests.map(({ url = "" }) => url.replace(/[0-9a-f]{64}/, "ID"));
    expect(paths).toEqual(["/config", "/keys/", "/keys/ID"]);
  });

  test("works while an agent runs with the same state folder", async () => {
    const settings = { stateDir: join(program.path, "state"), repositories: [WEB] };
    const { code, stderr } = await program.run(settings, ["--check-config", "--open"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await expect(rm(join(program.path, "state"), { recursive: true })).rejects.toThrow("ENOENT");
  });

  test("invalid settings are reported and nothing is opened", async () => {
    const { code, stdout, stderr } = await program.run('[{"repo": "/a"}]', [
      "--check-config",
      "--open",
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("password is missing");
  });
});
