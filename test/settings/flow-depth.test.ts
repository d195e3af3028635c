import { expect, test } from "vitest";

import { errorOf, settingsOf } from "../support/agent/settings-file.ts";

test("brackets in 64 others are refused before they are parsed", async () => {
  const deep = (levels: number): string =>
    `repositories: []\ncron:\n  ${"[".repeat(levels)}${"]".repeat(levels)}\n`;
  expect(await errorOf(deep(65))).toBe("FILE:3:67: too many brackets inside of each other");
  expect(await errorOf(deep(64))).toMatch(/^FILE:\d+:\d+: cron: must be text/);
  expect(await errorOf("[".repeat(2 ** 20))).toBe(
    "FILE:1:65: too many brackets inside of each other",
  );
});

test("brackets in quotes, and in passwords of many repositories, do not count", async () => {
  const entries = Array.from({ length: 100 }, (_, index) =>
    JSON.stringify({ repo: `/srv/${index}`, password: "[{[" }),
  );
  const { monitor } = await settingsOf(`[${entries.join()}]`);
  expect(monitor.repositories).toHaveLength(100);
});
