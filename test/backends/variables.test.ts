import { expect, test } from "vitest";

import { Secret } from "../../instrumentation/core/secret.ts";
import type { BackendContext } from "../../instrumentation/backends/context.ts";
import { backendOpener } from "../../instrumentation/backends/open.ts";
import { contextOf } from "../support/backends/backend-context.ts";
import type { ContextOptions } from "../support/backends/backend-context.ts";
import { FakeClock } from "../support/core/clock.ts";

const PROCESS = {
  AWS_ACCESS_KEY_ID: "process id",
  AWS_SECRET_ACCESS_KEY: "process key",
  AWS_SESSION_TOKEN: "process token",
  RESTIC_AWS_ASSUME_ROLE_ARN: "process role",
  MINIO_ROOT_USER: "process user",
  B2_ACCOUNT_ID: "process b2",
  AZURE_ACCOUNT_NAME: "process account",
  GOOGLE_PROJECT_ID: "process project",
  STORAGE_EMULATOR_HOST: "process emulator",
  OS_PASSWORD: "process os",
  ST_KEY: "process st",
  RESTIC_CACERT: "/process/ca",
  RESTIC_REST_USERNAME: "process rest",
  RESTIC_REST_PASSWORD: "process rest password",
  RESTIC_PASSWORD: "process password",
  HTTPS_PROXY: "http://process:1",
  no_proxy: "process",
  HOME: "/process",
};

function variables(
  scheme: Parameters<typeof contextOf>[0],
  own: ContextOptions["environment"] = {},
): unknown {
  return shown(contextOf(scheme, { environment: own, processEnvironment: PROCESS }));
}

function shown({ environment }: BackendContext): unknown {
  return Object.fromEntries(
    Object.entries(environment).map(([name, secret]) => [name, secret.revealText()]),
  );
}

const only = (...names: readonly (keyof typeof PROCESS)[]): unknown =>
  Object.fromEntries(names.map((name) => [name, PROCESS[name]]));

test.for([
  ["local", []],
  ["rest", ["RESTIC_CACERT"]],
  [
    "s3",
    [
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_SESSION_TOKEN",
      "RESTIC_AWS_ASSUME_ROLE_ARN",
      "MINIO_ROOT_USER",
      "RESTIC_CACERT",
      "HOME",
    ],
  ],
  ["b2", ["B2_ACCOUNT_ID", "RESTIC_CACERT"]],
  ["azure", ["AZURE_ACCOUNT_NAME", "RESTIC_CACERT", "HOME"]],
  ["gs", ["GOOGLE_PROJECT_ID", "STORAGE_EMULATOR_HOST", "RESTIC_CACERT", "HOME"]],
  ["swift", ["OS_PASSWORD", "ST_KEY", "RESTIC_CACERT"]],
  ["sftp", []],
  ["rclone", []],
] as const)("%s reads its own variables from the process", ([scheme, names]) => {
  expect(variables(scheme)).toEqual(only(...names));
});

test("one variable of a provider in the entry hides only that provider's variables of the process", () => {
  expect(variables("s3", { AWS_DEFAULT_REGION: "eu" })).toEqual({
    AWS_DEFAULT_REGION: "eu",
    RESTIC_CACERT: "/process/ca",
    HOME: "/process",
  });
  expect(variables("swift", { OS_AUTH_URL: "http://os" })).toEqual({
    OS_AUTH_URL: "http://os",
    RESTIC_CACERT: "/process/ca",
  });
  expect(variables("s3", { AWS_SESSION_TOKEN: "", RESTIC_CACERT: "/own" })).toEqual({
    AWS_SESSION_TOKEN: "",
    RESTIC_CACERT: "/own",
    HOME: "/process",
  });
});

test("a child process does not get the process's variables of a provider that the entry sets itself", () => {
  const environment = { AWS_ACCESS_KEY_ID: "own", HTTP_PROXY: "http://own:2" };
  const { processEnvironment } = contextOf("rclone", { environment, processEnvironment: PROCESS });
  const left = Object.keys(processEnvironment).join(" ");
  expect(left).not.toMatch(/AWS|MINIO|proxy/i);
  expect(processEnvironment).toMatchObject({ B2_ACCOUNT_ID: "process b2", HOME: "/process" });
});

test("a repository uses its own proxy, else that of the process", () => {
  const environment = { HTTPS_PROXY: "http://own:2" };
  const own = contextOf("rest", { environment, processEnvironment: PROCESS });
  expect(own.proxyEnvironment).toMatchObject({ HTTPS_PROXY: "http://own:2" });
  expect(own.proxyEnvironment).not.toHaveProperty("no_proxy");
  const shared = contextOf("rest", { processEnvironment: PROCESS });
  expect(shared.proxyEnvironment).toMatchObject({
    HTTPS_PROXY: "http://process:1",
    no_proxy: "process",
  });
});

test("connections come from the setting, else from restic's option for the scheme, else 20", () => {
  const options = { "rest.connections": "7", "s3.connections": "8" };
  expect(contextOf("rest", { options, connections: 3 }).connections).toBe(3);
  expect(contextOf("rest", { options }).connections).toBe(7);
  expect(contextOf("b2", { options }).connections).toBe(20);
});

test("two repositories of one provider do not see each other's keys", async () => {
  const untouched = { ...process.env };
  const seen: unknown[] = [];
  const open = backendOpener({
    peek: async (_address, context) => {
      seen.push(shown(context), context.processEnvironment["AWS_ACCESS_KEY_ID"]);
      return (await import("../../instrumentation/backends/local/local.ts")).openLocal(
        { scheme: "local", path: "/" },
        context,
      );
    },
  });
  const cost = { list: { requests: 0, receivedBytes: 0 }, load: { requests: 0, receivedBytes: 0 } };
  const shared = { processEnvironment: PROCESS, clock: new FakeClock(), cost };
  await Promise.all(
    ["one", "two"].map((id) =>
      open("peek:x", { ...shared, environment: { AWS_ACCESS_KEY_ID: new Secret(id) } }),
    ),
  );
  await open("peek:x", { ...shared, environment: {} });
  expect(seen).toEqual([
    { AWS_ACCESS_KEY_ID: "one" },
    undefined,
    { AWS_ACCESS_KEY_ID: "two" },
    undefined,
    {},
    "process id",
  ]);
  expect(process.env).toEqual(untouched);
});
