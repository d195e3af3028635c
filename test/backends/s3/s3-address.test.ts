import { expect, test } from "vitest";

import { parseLocation } from "../../../instrumentation/backends/location.ts";
import { s3Address } from "../../../instrumentation/backends/s3/address.ts";
import { contextOf } from "../../support/backends/backend-context.ts";
import type { ContextOptions } from "../../support/backends/backend-context.ts";

function address(repo: string, given: ContextOptions = {}): ReturnType<typeof s3Address> {
  const location = parseLocation(repo);
  if (location.scheme !== "s3") throw new Error(`${repo} is not an S3 location`);
  const { environment, options } = contextOf("s3", given);
  return s3Address(location, environment, options);
}

/** Repository string, the region that it names, and the URL of an object if the region is `eu-west-3`. */
test.for([
  ["s3:s3.amazonaws.com/bucket", undefined, "https://bucket.s3.eu-west-3.amazonaws.com/k"],
  [
    "s3:s3-external-1.amazonaws.com/bucket",
    undefined,
    "https://bucket.s3.eu-west-3.amazonaws.com/k",
  ],
  [
    "s3:s3.eu-west-3.amazonaws.com/bucket",
    "eu-west-3",
    "https://bucket.s3.eu-west-3.amazonaws.com/k",
  ],
  [
    "s3:s3-eu-west-3.amazonaws.com/bucket",
    "eu-west-3",
    "https://bucket.s3.eu-west-3.amazonaws.com/k",
  ],
  [
    "s3:s3.dualstack.eu-west-3.amazonaws.com/bucket",
    "eu-west-3",
    "https://bucket.s3.dualstack.eu-west-3.amazonaws.com/k",
  ],
  [
    "s3:s3-fips.us-gov-west-1.amazonaws.com/bucket",
    "us-gov-west-1",
    "https://bucket.s3-fips.us-gov-west-1.amazonaws.com/k",
  ],
  [
    "s3:s3.cn-north-1.amazonaws.com.cn/bucket",
    "cn-north-1",
    "https://bucket.s3.eu-west-3.amazonaws.com/k",
  ],
  [
    "s3:bucket.vpce-1a-2b.s3.eu-west-3.vpce.amazonaws.com/bucket",
    "eu-west-3",
    "https://bucket.bucket.vpce-1a-2b.s3.eu-west-3.vpce.amazonaws.com/k",
  ],
  // A certificate for *.s3.… is not valid for a name with a dot.
  [
    "s3:s3.amazonaws.com/dotted.bucket",
    undefined,
    "https://s3.eu-west-3.amazonaws.com/dotted.bucket/k",
  ],
  [
    "s3:http://s3.amazonaws.com/dotted.bucket",
    undefined,
    "http://dotted.bucket.s3.eu-west-3.amazonaws.com/k",
  ],
  ["s3:storage.googleapis.com/bucket", undefined, "https://bucket.storage.googleapis.com/k"],
  [
    "s3:oss-eu-central-1.aliyuncs.com/bucket",
    undefined,
    "https://bucket.oss-eu-central-1.aliyuncs.com/k",
  ],
  [
    "s3:s3.us-west-004.backblazeb2.com/bucket",
    undefined,
    "https://s3.us-west-004.backblazeb2.com/bucket/k",
  ],
  ["s3:http://127.0.0.1:9000/bucket", undefined, "http://127.0.0.1:9000/bucket/k"],
  ["s3:http://[::1]:9000/bucket", undefined, "http://[::1]:9000/bucket/k"],
] as const)("the URL and region of %s", ([repo, region, expected]) => {
  const { region: named, url } = address(repo);
  expect(named).toBe(region);
  expect(url("eu-west-3", "k").href).toBe(expected);
});

test("regions in China have their own domain", () => {
  const { url } = address("s3:s3.cn-north-1.amazonaws.com.cn/bucket");
  expect(url("cn-north-1", "k").href).toBe("https://bucket.s3.cn-north-1.amazonaws.com.cn/k");
});

test.for([
  ["dns", "https://bucket.host:9000/k"],
  ["DNS", "https://bucket.host:9000/k"],
  ["path", "https://host:9000/bucket/k"],
  ["auto", "https://host:9000/bucket/k"],
  ["", "https://host:9000/bucket/k"],
])("s3.bucket-lookup is %o", ([style = "", expected]) => {
  const { url } = address("s3:host:9000/bucket", { options: { "s3.bucket-lookup": style } });
  expect(url("x", "k").href).toBe(expected);
});

test("the region comes from the option, else the variable, else the host", () => {
  const options = { "s3.region": "one" };
  const environment = { AWS_DEFAULT_REGION: "two", AWS_REGION: "never" };
  const repo = "s3:s3.three.amazonaws.com/bucket";
  expect(address(repo, { options, environment }).region).toBe("one");
  expect(address(repo, { environment }).region).toBe("two");
  expect(address(repo).region).toBe("three");
  expect(
    address("s3:host/bucket", { environment: { AWS_REGION: "never" } }).region,
  ).toBeUndefined();
});

test("names and queries are percent-encoded as for the signature", () => {
  const { url } = address("s3:host/bucket");
  const { href } = url("x", "/a b/ä+%/'()*!", { prefix: "a b/+", delimiter: "/" });
  expect(href).toBe(
    "https://host/bucket//a%20b/%C3%A4%2B%25/%27%28%29%2A%21?prefix=a%20b%2F%2B&delimiter=%2F",
  );
});

test("a region that cannot be a part of a host name is rejected", () => {
  expect(() => address("s3:s3.amazonaws.com/bucket", { options: { "s3.region": "a b" } })).toThrow(
    "https://s3.amazonaws.com: the bucket bucket and the region a b do not form a valid host name",
  );
});
