import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { namesOf } from "../../../src/web/config/client-certificate.ts";
import { CERTIFICATES } from "../../support/web/web-configs.ts";

test("the names of a certificate have Go's format", async () => {
  const named = new X509Certificate(await readFile(join(CERTIFICATES, "named.pem")));
  expect(namesOf(named)).toEqual([
    "prometheus.example",
    "ops@example.com",
    "192.0.2.7",
    "2001:db8::7",
    "spiffe://example/prometheus",
  ]);
  const nameless = new X509Certificate(await readFile(join(CERTIFICATES, "nameless.pem")));
  expect(namesOf(nameless)).toEqual([]);
});

function withNames(subjectAltName: string): X509Certificate {
  return Object.create(X509Certificate.prototype, { subjectAltName: { value: subjectAltName } });
}

/** Node.js quotes a name that could be read as several. */
test("a quoted name is one name", () => {
  const certificate = withNames(
    String.raw`DNS:"a.example, DNS:prometheus.example", URI:"x:\"y, email:ops@example.com", IP Address:0:0:0:0:0:0:0:1`,
  );
  expect(namesOf(certificate)).toEqual([
    "a.example, DNS:prometheus.example",
    'x:"y, email:ops@example.com',
    "::1",
  ]);
});

test("a name of another kind does not count as DNS name", () => {
  const directory = `DirName:"/CN=x, DNS:prometheus.example, y", DNS:mallory.example`;
  expect(namesOf(withNames(directory))).toEqual(["mallory.example"]);
  expect(namesOf(withNames(`DNS:prometheus.example, othername:"a, DNS:b`))).toEqual([]);
});
