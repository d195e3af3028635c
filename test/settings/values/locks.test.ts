import { expect, test } from "vitest";

import { ResticInstrumentation } from "../../../instrumentation/index.ts";
import { monitorSettings } from "../../../instrumentation/embedding/monitor-settings.ts";
import { redactedSettings } from "../../../src/settings/redacted.ts";
import { errorOf, settingsOf } from "../../support/agent/settings-file.ts";

test("an entry has an interval of its own, or none", async () => {
  const settings = await settingsOf(`locks: {every: 15m}
repositories:
  - {repo: /a, password: p}
  - {repo: /b, password: p, locks: {every: 1h}}
  - {repo: /c, password: p, locks: off}
  - {repo: /d, password: p, locks: false}
`);
  const { locksEvery, repositories } = settings.monitor;
  expect([locksEvery, ...repositories.map((one) => one.locksEvery)]).toEqual([
    900_000,
    undefined,
    3_600_000,
    "off",
    "off",
  ]);
  expect(redactedSettings(settings)).toMatchObject({
    locks: "every 15m",
    repositories: [{ repo: "/a" }, { locks: "every 1h" }, { locks: "off" }, { locks: "off" }],
  });
});

test.for([
  "15",
  "0s",
  "{every: 0s}",
  "{every: 15}",
  "{}",
  "{evry: 15m}",
  "{every: 1h, a: b}",
  "[]",
])("locks: %s is an error with its place", async (value) => {
  expect(await errorOf(`locks: ${value}\nrepositories: []\n`)).toMatch(
    /^FILE:1:1: locks: .*must be \{every: 15m\}, with any duration, or off$/,
  );
  expect(await errorOf(`repositories:\n  - {repo: /a, password: p, locks: ${value}}\n`)).toBe(
    "FILE:2:29: repositories[0] (/a).locks: must be {every: 15m}, with any duration, or off",
  );
});

test("the flag and the variable have a duration or off", async () => {
  for (const value of ["x", "true", "{every: 15m}"]) {
    const message = `"${value}": must be {every: 15m}, with any duration, or off`;
    expect(await errorOf("[]", { args: ["--locks", value] })).toBe(`--locks: ${message}`);
    expect(await errorOf("[]", { env: { RESTIC_OTEL_LOCKS: value } })).toBe(
      `RESTIC_OTEL_LOCKS: ${message}`,
    );
  }
});

test("an application sets it for all repositories and for one", () => {
  const repositories = [
    { repo: "/a", password: "p" },
    { repo: "/b", password: "p", locks: "off" },
    { repo: "/c", password: "p", locks: { every: "1h" } },
  ] as const;
  const settings = monitorSettings({ locks: { every: "15m" }, repositories });
  expect(settings.locksEvery).toBe(900_000);
  expect(settings.repositories.map(({ locksEvery }) => locksEvery)).toEqual([
    undefined,
    "off",
    3_600_000,
  ]);
  expect(monitorSettings({ repositories }).locksEvery).toBe("off");
  expect(() => new ResticInstrumentation({ repositories, locks: { every: "often" } })).toThrow(
    "locks: must be {every: 15m}, with any duration, or off",
  );
});
