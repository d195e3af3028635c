import { expect, test } from "vitest";

import { Redaction } from "../../instrumentation/core/known-secrets.ts";

/** The text without a secret. */
function redacted(text: string, ...secrets: readonly string[]): string {
  const redaction = new Redaction();
  for (const secret of secrets) redaction.add(secret);
  return redaction.apply(text);
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const KEY = `-----BEGIN KEY-----\nbWFueSBsZXR0ZXJz\nYW5kIG1vcmUgb2Yg\n-----END KEY-----\n`;

test.for([
  ["as it is", "p@ss/wörd+1", "a p@ss/wörd+1 b"],
  ["percent-encoded", "p@ss/wörd+1", `a ${encodeURIComponent("p@ss/wörd+1")} b`],
  ["percent-encoded in small letters", "p@ss/wörd+1", "a p%40ss%2fw%c3%b6rd%2b1 b"],
  ["percent-encoded in parts", "p@ss/wörd+1", "a p%40ss/wörd+1 b"],
  ["with spaces as in a query", "correct horse", "a correct+horse b"],
  ["quoted by another program", String.raw`say "hi\there"`, String.raw`a say \"hi\\there\" b`],
  ["in the JSON of Go", "p<s>s&word1", String.raw`a p\u003cs\u003es\u0026word1 b`],
  ["twice", "hunter2hunter2", "a hunter2hunter2hunter2hunter2 b"],
  ["with the newline of its variable", "hunter2SECRET\n", "a hunter2SECRET b"],
  ["without the scheme of its header", "Bearer hunter2SECRET", "a hunter2SECRET b"],
  ["a line of a private key", KEY, "a YW5kIG1vcmUgb2Yg b"],
] as const)("a secret is found %s", ([, secret, text]) => {
  expect(redacted(text, "another secret", secret)).toMatch(/^a (?:\[redacted\])+ b$/);
});

test.for([
  ["alone", base64("hunter2SECRET")],
  ["as a login", base64("me:hunter2SECRET")],
  ["as another login", base64("you:hunter2SECRET")],
  ["within a text", base64(`{"password":"hunter2SECRET","user":"me"}`)],
  ["in the alphabet of URLs", Buffer.from("~~~hunter2SECRET").toString("base64url")],
  ["percent-encoded", encodeURIComponent(base64("hunter2SECRET"))],
] as const)("a secret is found in base64: %s", ([, text]) => {
  const shown = redacted(text, "hunter2SECRET");
  expect(shown).toContain("[redacted]");
  expect(Buffer.from(shown.replace("[redacted]", ""), "base64").toString()).not.toMatch(/unt|SEC/);
});

test("a secret of less than 8 characters stays: it may be an ordinary word", () => {
  expect(redacted("dial tcp: refused", "refused", "", "tcp")).toBe("dial tcp: refused");
});

test("text without a secret stays as it is", () => {
  const text = '100 % of wörds, \\"quoted\\" %zz %4 \ufffd 🙂 YWJj';
  expect(redacted(text, "p@ss/wörd+1")).toBe(text);
});

test("a secret within another one, and overlapping ones, are found", () => {
  expect(redacted("x 12345678abcdefgh x", "12345678abcd", "5678abcdefgh")).toBe("x [redacted] x");
  expect(redacted("x 12345678abcdefgh x", "12345678", "12345678abcdefgh")).toBe("x [redacted] x");
});
