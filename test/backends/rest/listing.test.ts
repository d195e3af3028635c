import { expect, test } from "vitest";

import { ListingReader } from "../../../instrumentation/backends/rest/listing.ts";

const A = "a".repeat(64);
const B = `0123456789abcdef${"0".repeat(48)}`;

function listed(text: string): readonly string[] | undefined {
  const reader = new ListingReader("keys", "where");
  for (const byte of Buffer.from(text)) reader.push(Buffer.of(byte));
  expect(reader.receivedBytes).toBe(Buffer.byteLength(text));
  return reader.end()?.names;
}

test.for([
  ["an empty folder", "[]", []],
  ["an empty folder of a server in Go", "null", []],
  ["an empty folder and white space", " null\n", []],
  ["version 2", `[{"name":"${A}","size":1},{"name":"${B}","size":2}]\n`, [A, B]],
  ["version 1", `["${A}","${B}"]`, [A, B]],
  ["another order of the fields", `[{"size":1,"name":"${A}"}]`, [A]],
  ["blanks", ` [ {"name":"${A}", "size":1} ] `, [A]],
  ["more fields", `[{"name":"${A}","size":1,"time":0},{"name":"${B}","size":2}]`, [A, B]],
  ["a temporary file", `[{"name":"${A}","size":1},{"name":"x-tmp","size":2}]`, [A, "x-tmp"]],
  ["no size", `[{"name":"${A}"}]`, [A]],
  ["an escape", `[{"name":"\\u0061${A.slice(1)}","size":1}]`, [A]],
  ["a size with an exponent", `[{"name":"${A}","size":1.5e3}]`, [A]],
  ["elements without a name", `[{"name":"${A}","size":1},null,7,{},{"name":7}]`, [A]],
  ["the same name twice", `[{"name":"${A}","size":1},{"name":"${A}","size":1}]`, [A, A]],
] as const)("a listing with %s gives its names", ([, text, names]) => {
  expect(listed(text)).toEqual(names);
});

test.for([
  ["cut in an element", `[{"name":"${A}","size":1},{"name":"${B}","si`],
  ["without an end", `[{"name":"${A}","size":1}`],
  ["cut in an id", `[{"name":"${A.slice(1)}`],
  ["without a number", `[{"name":"${A}","size":}]`],
  ["with a number that is not JSON", `[{"name":"${A}","size":01}]`],
  ["with a bracket after the end", `[{"name":"${A}","size":1}]]`],
  ["followed by another", `[{"name":"${A}","size":1}]\n[]`],
  ["that is an object", `{"name":"${A}","size":1}`],
  ["that is empty", ""],
  ["that is HTML", "<html>"],
  ["of other things than names", "[null]"],
  ["of objects without a name", `[{},{"id":"${A}"},{"name":7}]`],
  ["of listings", `[[{"name":"${A}"}]]`],
  ["of a listing that is too long for a name", `[[${`"${A}",`.repeat(20)}"${B}"]]`],
  ["that begins like null", "nullable"],
  ["that is null twice", "null null"],
  ["with null before the array", "null[]"],
] as const)("a body %s is not a listing", ([, text]) => {
  expect(listed(text)).toBeUndefined();
});
