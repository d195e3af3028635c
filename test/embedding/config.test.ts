import { expect, test } from "vitest";

import { AgentError, ResticInstrumentation } from "../../instrumentation/index.ts";

const WEB = { repo: "examples/repositories/web", password: "web-password" };

/** Creates an instrumentation as JavaScript does, with options that no compiler has checked. */
function create(...options: readonly unknown[]): ResticInstrumentation {
  return Reflect.construct(ResticInstrumentation, options);
}

const MISSING = "repositories: missing: set it to an array, which may be empty";

test.for<[readonly unknown[], string]>([
  [[], "the configuration must be an object with repositories"],
  [[null], "the configuration must be an object with repositories"],
  [[[WEB]], "the configuration must be an object with repositories"],
  [[{}], MISSING],
  [[{ repositories: undefined }], MISSING],
  [[{ repositorys: [WEB] }], `repositorys: unknown key, did you mean repositories?\n${MISSING}`],
  [[{ repositories: WEB }], "repositories: must be an array"],
  [[{ repositories: [], cron: 15 }], "cron: must be a string"],
  [
    [{ repositories: [], spread: "no", vault: null }],
    "spread: must be a boolean\nvault: must be an object",
  ],
  [
    [{ repositories: [], onCollection: {}, backends: [] }],
    "onCollection: must be a function\nbackends: must be an object",
  ],
  [
    [{ repositories: [{ ...WEB, passwort: "CANARY" }] }],
    "repositories[0] (examples/repositories/web).passwort: unknown key, did you mean password?",
  ],
  [
    [{ repositories: ["CANARY"] }],
    "repositories[0]: must be a mapping with the keys repo and password",
  ],
  [
    [
      {
        repositories: [WEB],
        expect: [{ name: "a", hosts: ["*"], maxAge: "0s", copies: 2 }],
        retired: [{ hosts: ["old"], sinse: "2026-05-01" }],
      },
    ],
    [
      "expect[0].copies: is 2, but only 1 of the configured repositories matches",
      'expect[0].maxAge: must be a duration above 0, like "26h" or "8d"',
      "retired[0].sinse: unknown key, did you mean since?",
      "retired[0]: since is missing: a set with a snapshot after this date is not retired",
    ].join("\n"),
  ],
])("%j is rejected", ([options, message]) => {
  const error = new AgentError("config", message);
  expect(() => create(...options)).toThrow(error);
});

test.for(["hunter2CANARY", "stateDir:hunter2CANARY", "CANARY".repeat(9)])(
  "the unknown option %s, which may be a secret, is shown by its position",
  (name) => {
    const message = /^\[key 2\]: unknown key; known keys: enabled, repositories, [^\n]*$/;
    expect(() => create({ repositories: [], [name]: true })).toThrow(message);
    expect(() => create({ repositories: [], [name]: true })).not.toThrow(/CANARY/);
  },
);

test("an unknown option is rejected together with all other problems", () => {
  expect(() => create({ repositories: [], interval: "5m", cron: "never", timeout: "5" })).toThrow(
    expect.objectContaining({
      code: "config",
      message: expect.stringMatching(
        /^\[key 2\]: unknown key; known keys: enabled, .*\ncron: .*\ntimeout: .*$/,
      ),
    }),
  );
});

test("setConfig rejects an invalid configuration, and the old one stays", () => {
  const restic = create({ repositories: [] });
  expect(() => restic.setConfig(Object({}))).toThrow(MISSING);
  expect(restic.getConfig()).toEqual({ repositories: [], enabled: false });
  restic.setConfig(restic.getConfig());
});

test("every problem is reported at once", () => {
  expect(
    () =>
      new ResticInstrumentation({
        repositories: [{ repo: "ftp://u:CANARY@h/", password: "p" }, { repo: "/a" }, WEB, WEB],
        cron: "never",
        timeout: "5",
        concurrency: 0,
      }),
  ).toThrow(
    expect.objectContaining({
      code: "config",
      message: expect.stringMatching(
        /^concurrency: 0: must .*\ncron: .*\nrepositories\[0\]\.repo: repository: unknown scheme.*\nrepositories\[1\] \(\/a\): password is missing.*\nrepositories\[3\] \(examples\/repositories\/web\)\.repo: is the same repository as repositories\[2\] \(credentials are not compared\): remove one of the two\ntimeout: "5": must [^\n]*$/,
      ),
    }),
  );
});

test("a disabled repository may be configured twice", () => {
  const disabled = { ...WEB, disabled: true };
  expect(() => create({ repositories: [disabled, WEB, disabled] })).not.toThrow();
});
