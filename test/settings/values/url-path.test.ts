import { expect, test } from "vitest";

import { urlPath } from "../../../src/settings/formats.ts";

test.for(["/metrics", "/restic/metrics", "/probe-1.2_3~4", "/apis", "/-metrics", "/a/api"])(
  "%s is a telemetry path",
  (path) => {
    expect(urlPath.check(path)).toBeUndefined();
    expect(urlPath.parse(path)).toBe(path);
  },
);

test.for([
  "",
  "/",
  "//",
  "metrics",
  "/metrics/",
  "/a//b",
  "/-",
  "/-/metrics",
  "/api",
  "/api/status",
  "/status.css",
  "/status.js",
  "/a?b",
  "/a#b",
  "/a b",
  "/%41",
  "/ü",
  9121,
])("%s is not a telemetry path", (path) => {
  expect(urlPath.check(path)).toContain('must be a path like "/metrics"');
});
