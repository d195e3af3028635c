import { expect, test } from "vitest";

import { childText, parseXml } from "../../../instrumentation/backends/object-store/xml.ts";

const parse = (text: string): ReturnType<typeof parseXml> => parseXml(Buffer.from(text));

test.for([
  ["elements", "<a><b>1</b><b>2</b></a>", ["1", "2"]],
  [
    "a declaration, comments and blanks",
    '\u{feff}<?xml version="1.0"?>\n<!-- <c> -->\n<a>\n <b>1</b>\n</a>\n',
    ["1"],
  ],
  ["attributes and prefixes", `<s:a xmlns:s="http://x/>" y='">'><s:b z="/">1</s:b></s:a>`, ["1"]],
  ["empty elements", '<a><b/><b c="d"/></a>', ["", ""]],
  ["entities", "<a><b>&lt;&amp;&#65;&#x1F600;&quot;&apos;&gt;</b></a>", ["<&A😀\"'>"]],
  ["unknown entities", "<a><b>&nbsp;&#1114112;&</b></a>", ["&nbsp;&#1114112;&"]],
  ["CDATA sections", "<a><b>1<![CDATA[<c>&lt;]]>2</b></a>", ["1<c>&lt;2"]],
] as const)("%s are parsed", ([, text, children]) => {
  const root = parse(text);
  expect(root?.name).toBe("a");
  expect(root?.children.map((child) => child.text)).toEqual(children);
  expect(childText(root, "b")).toBe(children[0]);
  expect(childText(root, "c")).toBeUndefined();
});

test.for([
  ["nothing", ""],
  ["text", "hello"],
  ["JSON", '{"a": "<b>"}'],
  ["half a document", "<a><b>1</b>"],
  ["half a tag", "<a><b"],
  ["an extra end tag", "<a></a></a>"],
  ["crossed end tags", "<a><b></a></b>"],
  ["two documents", "<a/><a/>"],
  ["text outside of the root", "<a/>x"],
  ["a login page", "<!DOCTYPE html><html><br></html>"],
  ["a document type with entities", '<!DOCTYPE a [<!ENTITY b "&c;&c;">]><a>&b;</a>'],
  ["an endless comment", `<a>${"<!--".repeat(100_000)}</a>`],
  ["an unclosed quote", `<a b="${"x".repeat(1_000_000)}>`],
  ["a thousand nested elements", "<a>".repeat(1000) + "</a>".repeat(1000)],
] as const)("%s is not a document", ([, text]) => {
  expect(parse(text)).toBeUndefined();
});

test("names of JavaScript's own properties are ordinary names", () => {
  const root = parse("<a><__proto__>1</__proto__><constructor>2</constructor></a>");
  expect(childText(root, "__proto__")).toBe("1");
  expect(childText(root, "constructor")).toBe("2");
  expect(childText(root, "toString")).toBeUndefined();
});
