import { expect, test } from "vitest";

import { parseLocation } from "../../../instrumentation/backends/location.ts";

test.for([
  ["b2:bucket", "bucket", ""],
  ["b2:bucket:", "bucket", ""],
  ["b2:bucket:/", "bucket", ""],
  ["b2:bucket:.", "bucket", ""],
  ["b2:Bucket-9:prefix", "Bucket-9", "prefix"],
  ["b2:bucket:/prefix/", "bucket", "prefix"],
  ["b2:bucket:a//b/./c/../d/", "bucket", "a/b/d"],
  ["b2:bucket:/../a", "bucket", "a"],
  // Not a URL: nothing is decoded.
  ["b2:bucket:a b%20ä:c?d#e", "bucket", "a b%20ä:c?d#e"],
] as const)("%s is a bucket and a prefix", ([repo, bucket, prefix]) => {
  expect(parseLocation(repo)).toEqual({ scheme: "b2", bucket, prefix });
});

test.for([
  ["b2:", "the bucket is missing, expected b2:bucket:prefix"],
  ["b2::prefix", "the bucket is missing, expected b2:bucket:prefix"],
  ["b2:bucket/prefix", "bucket and prefix need a colon between them, expected b2:bucket:prefix"],
  ["b2:short", "the bucket name is not valid: expected 6 to 50 letters, digits and dashes"],
  ["b2:my_bucket", "the bucket name is not valid: expected 6 to 50 letters, digits and dashes"],
  ["b2:bucket:../other", "the prefix leaves the bucket"],
  ["b2:bucket:a/../..", "the prefix leaves the bucket"],
  ["b2:bucket:a\nb", "control characters are not allowed"],
] as const)("%j is rejected", ([repo, problem]) => {
  expect(() => parseLocation(repo)).toThrow(
    expect.objectContaining({
      code: "config",
      message: `repository "${repo.slice(0, repo.indexOf(":"))}:…": ${problem}`,
    }),
  );
});

test("a name of more than 50 characters is rejected", () => {
  expect(() => parseLocation(`b2:${"b".repeat(51)}`)).toThrow(/the bucket name is not valid/);
  expect(parseLocation(`b2:${"b".repeat(50)}`)).toMatchObject({ scheme: "b2" });
});
