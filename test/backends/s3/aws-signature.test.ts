import { expect, test } from "vitest";

import { Secret } from "../../../instrumentation/core/secret.ts";
import { encodeAws, signedHeaders } from "../../../instrumentation/backends/s3/signature-v4.ts";

const AT = Date.parse("2013-05-24T00:00:00Z");
const CREDENTIALS = {
  accessKeyId: new Secret("AKIAIOSFODNN7EXAMPLE"),
  secretAccessKey: new Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
};
const BUCKET = "https://examplebucket.s3.amazonaws.com/";

/** Examples in "Authenticating Requests: Using the Authorization Header", Amazon S3 API reference. */
test.for([
  [
    "GET Object",
    "test.txt",
    { range: "bytes=0-9" },
    "host;range;x-amz-content-sha256;x-amz-date",
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  ],
  [
    "GET Bucket Lifecycle",
    "?lifecycle=",
    {},
    "host;x-amz-content-sha256;x-amz-date",
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  ],
  [
    "GET Bucket (List Objects)",
    "?max-keys=2&prefix=J",
    {},
    "host;x-amz-content-sha256;x-amz-date",
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  ],
] as const)("%s is signed as in Amazon's example", ([, path, headers, names, signature]) => {
  const url = new URL(BUCKET + path);
  const request = {
    method: "GET",
    url,
    headers,
    service: "s3",
    region: "us-east-1",
    at: AT,
  } as const;
  expect(signedHeaders(request, CREDENTIALS)).toEqual({
    ...headers,
    "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "x-amz-date": "20130524T000000Z",
    authorization: `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
  });
});

test("PUT Object with a body is signed as in Amazon's example", () => {
  const headers = {
    date: "Fri, 24 May 2013 00:00:00 GMT",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
  };
  const url = new URL(`${BUCKET}test%24file.text`);
  const body = Buffer.from("Welcome to Amazon S3.");
  const request = {
    method: "PUT",
    url,
    headers,
    body,
    service: "s3",
    region: "us-east-1",
    at: AT,
  } as const;
  expect(signedHeaders(request, CREDENTIALS)).toMatchObject({
    "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    authorization: expect.stringMatching(
      /Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd$/,
    ),
  });
});

test("a session token is signed", () => {
  const signed = signedHeaders(
    { method: "GET", url: new URL(BUCKET), service: "s3", region: "eu-1", at: AT },
    { ...CREDENTIALS, sessionToken: new Secret("a token") },
  );
  expect(signed["x-amz-security-token"]).toBe("a token");
  expect(signed["authorization"]).toContain("x-amz-date;x-amz-security-token,");
});

test("cached signing keys do not change signatures for another day, region or service", () => {
  const used = { ...CREDENTIALS };
  const day = 86_400_000;
  const url = new URL(BUCKET);
  for (const [at, region, service] of [
    [AT, "us-east-1", "s3"],
    [AT + 1000, "us-east-1", "s3"],
    [AT + day, "us-east-1", "s3"],
    [AT + day, "eu-west-1", "s3"],
    [AT + day, "eu-west-1", "sts"],
    [AT, "us-east-1", "s3"],
  ] as const) {
    const request = { method: "GET", url, service, region, at } as const;
    expect(signedHeaders(request, used)).toEqual(signedHeaders(request, { ...CREDENTIALS }));
  }
});

test("all but unreserved characters are percent-encoded", () => {
  expect(encodeAws("aZ09-_.~ /!'()*+%ä")).toBe("aZ09-_.~%20%2F%21%27%28%29%2A%2B%25%C3%A4");
});
