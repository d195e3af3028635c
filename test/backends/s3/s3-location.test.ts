import { expect, test } from "vitest";

import { parseLocation } from "../../../instrumentation/backends/location.ts";
import { printableUrl } from "../../../instrumentation/backends/printable-url.ts";

const AMAZON = "https://s3.amazonaws.com";

test.for([
  ["s3:s3.amazonaws.com/bucket", AMAZON, "bucket", ""],
  ["s3:s3.amazonaws.com/bucket/", AMAZON, "bucket", ""],
  ["s3:s3.amazonaws.com/bucket/a/prefix", AMAZON, "bucket", "a/prefix"],
  ["s3://s3.amazonaws.com/bucket/prefix/", AMAZON, "bucket", "prefix"],
  ["s3:host:9000/bucket/p", "https://host:9000", "bucket", "p"],
  ["s3:eu-central-1/bucket", "https://eu-central-1", "bucket", ""],
  ["s3:https://host/bucket", "https://host", "bucket", ""],
  ["s3:https://host:443/bucket/p", "https://host", "bucket", "p"],
  ["s3:http://127.0.0.1:9000/bucket/p//q/./r", "http://127.0.0.1:9000", "bucket", "p/q/r"],
  ["s3:http://[::1]:9000/bucket", "http://[::1]:9000", "bucket", ""],
  // A URL is decoded once, a plain address never.
  ["s3:https://host/bucket/a%20b%252F%C3%A4", "https://host", "bucket", "a b%2Fä"],
  ["s3:host/bucket/a%20b", "https://host", "bucket", "a%20b"],
  ["s3:https://host/bucket/a b+ä", "https://host", "bucket", "a b+ä"],
  ["s3:https://host/bucket/p?x=1#y", "https://host", "bucket", "p"],
  ["s3:host/bucket/p?x#y", "https://host", "bucket", "p?x#y"],
  ["s3:https://key:secret@host/bucket/p", "https://host", "bucket", "p"],
  // restic keeps a leading slash: object names begin with it.
  ["s3:host/bucket//p", "https://host", "bucket", "/p"],
  ["s3:host/bucket//", "https://host", "bucket", "/"],
  ["s3:host/bucket/.", "https://host", "bucket", ""],
  ["s3:host/bucket/a/../b", "https://host", "bucket", "b"],
] as const)("%s is an endpoint, a bucket and a prefix", ([repo, endpoint, bucket, prefix]) => {
  expect(parseLocation(repo)).toEqual({ scheme: "s3", endpoint, bucket, prefix });
});

test.for([
  [
    "s3:",
    "the address is invalid, expected s3:https://host:9000/bucket/prefix or s3:host/bucket/prefix",
  ],
  [
    "s3:https:/h/b",
    "the address is invalid, expected s3:https://host:9000/bucket/prefix or s3:host/bucket/prefix",
  ],
  ["s3:host", "the bucket is missing, expected s3:host/bucket/prefix"],
  ["s3:https://host/", "the bucket is missing, expected s3:host/bucket/prefix"],
  [
    "s3:///bucket",
    "the address is invalid, expected s3:https://host:9000/bucket/prefix or s3:host/bucket/prefix",
  ],
  ["s3:host/b", "the bucket name is not valid"],
  ["s3:host/a..b", "the bucket name is not valid"],
  ["s3:host/bücket", "the bucket name is not valid"],
  ["s3:host/bucket/../other", "the prefix leaves the bucket"],
  ["s3:https://host/bucket/%2e%2e/other", "the prefix leaves the bucket"],
  ["s3:https://host/bucket/100%", "the path has an invalid percent-encoding: write % as %25"],
] as const)("%s is rejected", ([repo, problem]) => {
  expect(() => parseLocation(repo)).toThrow(
    expect.objectContaining({
      code: "config",
      message: `repository "${repo.slice(0, repo.indexOf(":"))}:…": ${problem}`,
    }),
  );
});

test.for([
  ["s3:https://key:secret@host/bucket", "s3:https://host/bucket"],
  ["s3:key:secret@host/bucket", "s3:host/bucket"],
  ["s3:key:secret@host/bucket//p@q", "s3:host/bucket//p@q"],
  ["s3://key:secret@host/bucket", "s3://host/bucket"],
] as const)("the keys in %s are not shown", ([repo, shown]) => {
  expect(printableUrl(repo)).toBe(shown);
});

test("keys before a plain host are rejected and not shown", () => {
  expect(() => parseLocation("s3:key:secret@host/bucket")).toThrow(
    'repository "s3:…": the address is invalid',
  );
});
