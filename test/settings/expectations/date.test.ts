import { expect, test } from "vitest";

import { parseDateMs } from "../../../instrumentation/settings/expectations/date.ts";

test.for([
  ["2026-12-31", "2026-12-31T00:00:00.000Z"],
  ["2024-02-29", "2024-02-29T00:00:00.000Z"],
  ["2026-12-31T18:00:00+01:00", "2026-12-31T17:00:00.000Z"],
  ["2026-12-31T18:30Z", "2026-12-31T18:30:00.000Z"],
] as const)("%s is a date", ([text, expected]) => {
  expect(parseDateMs(text)).toBe(Date.parse(expected));
});

test.for([
  "",
  "2026-02-30",
  "2026-02-29",
  "2026-13-01",
  "2026-12-31T18:00:00",
  "2026-12-31T25:00Z",
  "2026-12-31 ",
  "31.12.2026",
  "tomorrow",
])("'%s' is not a date", (text) => {
  expect(parseDateMs(text)).toBeUndefined();
});
