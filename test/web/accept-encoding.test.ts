import { expect, test } from "vitest";

import { acceptsGzip } from "../../src/web/accept-encoding.ts";

test.for([
  [undefined, false],
  ["", false],
  ["gzip", true],
  ["GZip", true],
  ["x-gzip", true],
  ["deflate, gzip;q=0.5, br", true],
  ["gzip;q=0", false],
  ["gzip; q=0.000", false],
  ["gzip;Q=0.001", true],
  ["gzip;q=none", false],
  ["identity", false],
  ["br, zstd", false],
  ["*", true],
  ["*;q=0", false],
  ["gzip;q=0, *", false],
  ["gzip, *;q=0", true],
  ["notgzip", false],
] as const)("accept-encoding %s accepts gzip: %s", ([header, expected]) => {
  expect(acceptsGzip(header)).toBe(expected);
});
