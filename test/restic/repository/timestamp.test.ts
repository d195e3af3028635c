import { expect, test } from "vitest";

import {
  parseInstant,
  secondsBetween,
} from "../../../instrumentation/restic/repository/timestamp.ts";

test.for([
  ["2026-11-23T10:39:24.033947904Z", { seconds: 1_795_430_364, nanoseconds: 33_947_904 }],
  ["2026-11-23T07:09:27.051631973-03:30", { seconds: 1_795_430_367, nanoseconds: 51_631_973 }],
  ["2024-01-02T03:04:05+05:45", { seconds: 1_704_143_945, nanoseconds: 0 }],
  ["2024-01-02T03:04:05.5Z", { seconds: 1_704_164_645, nanoseconds: 500_000_000 }],
  ["1969-12-31T23:59:59.999999999Z", { seconds: -1, nanoseconds: 999_999_999 }],
  ["0001-01-01T00:00:00Z", { seconds: -62_135_596_800, nanoseconds: 0 }],
  ["2100-06-01T00:00:00Z", { seconds: 4_115_491_200, nanoseconds: 0 }],
  ["1969-12-31T23:59:58.0625Z", { seconds: -2, nanoseconds: 62_500_000 }],
  ["2024-01-02T03:04:05.100000001-00:30", { seconds: 1_704_166_445, nanoseconds: 100_000_001 }],
  ["2024-01-02 03:04:05Z", undefined],
  ["2024-01-02T03:04:05.Z", undefined],
  ["2024-01-02T03:04:05.1", undefined],
  ["2024-01-02T03:04:05", undefined],
  ["2024-13-02T03:04:05Z", undefined],
  ["2024-01-02T03:04:05.1234567899Z", { seconds: 1_704_164_645, nanoseconds: 123_456_789 }],
  [`2024-01-02T03:04:05.${"9".repeat(40)}Z`, { seconds: 1_704_164_645, nanoseconds: 999_999_999 }],
  ["2024-02-29T00:00:00Z", { seconds: 1_709_164_800, nanoseconds: 0 }],
  ["2023-02-29T00:00:00Z", undefined],
  ["2024-02-30T12:00:00Z", undefined],
  ["2024-01-02T24:00:00Z", undefined],
  ["2024-01-02T23:59:60Z", undefined],
  ["", undefined],
] as const)("%j is parsed or refused", ([text, expected]) => {
  expect(parseInstant(text)).toEqual(expected);
});

test("instants differ to the nanosecond, whatever their zone", () => {
  const early = parseInstant("2024-01-02T03:04:05.000000001+01:00") ?? expect.fail();
  const late = parseInstant("2024-01-02T02:04:05.000000002Z") ?? expect.fail();
  expect(secondsBetween(early, late)).toBeCloseTo(1e-9);
});
