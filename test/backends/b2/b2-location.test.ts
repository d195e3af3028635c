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
  // Nothing is decoded: it is no URL.
  ["b2:bucket:a b%20ä:c?d#e", "bucket", "a b%20ä:c?d#e"],
] as const)("%s", ([repo, bucket, prefix]) => {
  expect(parseLocation(repo)).toEqual({ scheme: "b2", bucket, prefix });
});

test.for([
  ["b2:", "it names no bucket: b2:bucket:prefix"],
  ["b2::prefix", "it names no bucket: b2:bucket:prefix"],
  ["b2:bucket/prefix", "a colon parts bucket and prefix: b2:bucket:prefix"],
  ["b2:short", '"short" is not the name of a bucket: 6 to 50 letters, digits and dashes'],
  ["b2:my_bucket", '"my_bucket" is not the name of a bucket: 6 to 50 letters, digits and dashes'],
  ["b2:bucket:../other", "the prefix leads out of the bucket"],
  ["b2:bucket:a/../..", "the prefix leads out of the bucket"],
  ["b2:bucket:a\nb", "it holds a control character"],
] as const)("%j is refused", ([repo, problem]) => {
  expect(() => parseLocation(repo)).toThrow(
    expect.objectContaining({ code: "config", message: `repository "${repo}": ${problem}` }),
  );
});

test("a name of more than 50 letters is refused", () => {
  expect(() => parseLocation(`b2:${"b".repeat(51)}`)).toThrow(/is not the name of a bucket/);
  expect(parseLocation(`b2:${"b".repeat(50)}`)).toMatchObject({ scheme: "b2" });
});
