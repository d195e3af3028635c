import { expect, test } from "vitest";

import { decodeSnapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import vectors from "../vectors.json" with { type: "json" };

function decode(json: string): ReturnType<typeof decodeSnapshot> {
  return decodeSnapshot("id", Buffer.from(json));
}

test("names are decoded, and the time to the nanosecond", () => {
  expect(decode(vectors.v2.snapshot_json)).toMatchObject({
    id: "id",
    time: { seconds: 1_795_430_367, nanoseconds: 51_631_973 },
    hostname: "web1",
    username: "root",
  });
});

test.for(["{}", '{"time":null}'])("a missing time is Go's zero time, as for restic: %s", (json) => {
  expect(decode(json).time).toEqual({ seconds: -62_135_596_800, nanoseconds: 0 });
});

test.for([
  ["absent names", '{"time":"2024-01-02T03:04:05Z"}', "", ""],
  [
    "null for absent fields, as rustic may write",
    '{"time":"2024-01-02T03:04:05Z","hostname":null,"username":null,"tags":null,"label":""}',
    "",
    "",
  ],
  [
    "control characters and quotes",
    '{"time":"2024-01-02T03:04:05Z","hostname":"a\\"b\\\\c\\n\\u0000","username":"<b>"}',
    'a"b\\c\n\0',
    "<b>",
  ],
  [
    "a lone surrogate, which UTF-8 cannot encode",
    '{"time":"2024-01-02T03:04:05Z","hostname":"x\\ud800","username":"é"}',
    "x\ufffd",
    "é",
  ],
  [
    "a name of 1 KiB",
    `{"time":"2024-01-02T03:04:05Z","hostname":"${"h".repeat(1024)}","username":"u"}`,
    "h".repeat(1024),
    "u",
  ],
] as const)("names are decoded: %s", ([, json, hostname, username]) => {
  expect(decode(json)).toMatchObject({ hostname, username });
});

test.for([
  ["{", "is not valid JSON"],
  ["", "is not valid JSON"],
  ["[]", "is not a JSON object"],
  ["null", "is not a JSON object"],
  ['{"time":""}', 'has no valid "time"'],
  ['{"time":"yesterday"}', 'has no valid "time"'],
  ['{"time":5}', 'has a "time" that is not a string'],
  ['{"time":"2024-01-02T03:04:05Z","hostname":{}}', 'has a "hostname" that is not a string'],
  [
    `{"time":"2024-01-02T03:04:05Z","hostname":"${"h".repeat(2 ** 20)}"}`,
    'has a "hostname" of more than 1024 bytes',
  ],
  [
    `{"time":"2024-01-02T03:04:05Z","username":"${"é".repeat(513)}"}`,
    'has a "username" of more than 1024 bytes',
  ],
] as const)("refuses %.60s", ([json, message]) => {
  expect(() => decode(json)).toThrow(new Error(message));
});

test("invalid UTF-8 is refused", () => {
  expect(() => decodeSnapshot("id", Buffer.from([0x7b, 0xff, 0x7d]))).toThrow(
    new Error("is not valid JSON"),
  );
});
