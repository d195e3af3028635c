import { expect, test } from "vitest";

import { fileShown, pathShown } from "../../instrumentation/core/shown-path.ts";
import { readPem } from "../../instrumentation/http/pem.ts";
import { failureOf } from "../support/core/failure.ts";

test.for(["/etc/key.json", "key.json", "C:/keys/a b", "~/.config/x"])(
  "the path %s is shown",
  (path) => {
    expect([fileShown(path), pathShown(path)]).toEqual([`the file ${path}`, path]);
  },
);

test.for([
  '{"private_key":"CANARY/1","token_uri":"https://oauth2.googleapis.com/token"}',
  "-----BEGIN PRIVATE KEY-----\nCANARY/+\n-----END PRIVATE KEY-----\n",
  "-----BEGIN CERTIFICATE----- CANARY/+",
  "eyJhbGciOiJSUzI1NiJ9.CANARY",
  "CANARY/".repeat(200),
])("the content of a file in place of its path is not shown: %s", async (content) => {
  expect([fileShown(content), pathShown(content)]).toEqual(["the named file", "the named file"]);
  expect(await failureOf(readPem(content, "RESTIC_CACERT"))).toMatch(
    /^config: RESTIC_CACERT: the named file cannot be read/,
  );
});
