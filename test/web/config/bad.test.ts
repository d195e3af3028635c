import { writeFile } from "node:fs/promises";

import { onTestFinished, expect, test } from "vitest";

import { readWebConfig } from "../../../src/web/config/web-config-file.ts";
import { webConfigFolder } from "../../support/web/web-config-folder.ts";
import { WEB_CONFIGS } from "../../support/web/web-configs.ts";

/** test/peers checks that exporter-toolkit accepts and rejects the same files. */
test("every invalid file is rejected with the expected message", async () => {
  const folder = await webConfigFolder("");
  onTestFinished(() => folder.remove());
  const messages: string[] = [];
  for (const [name, content] of Object.entries(WEB_CONFIGS)) {
    await folder.write(content);
    const reading = await readWebConfig(folder.file);
    if ("error" in reading)
      messages.push(`# ${name}\n${reading.error.message.replaceAll(folder.path(""), "")}\n`);
  }
  await expect(messages.join("\n")).toMatchFileSnapshot("../../golden/web-config-refusals.txt");
});

test.for([
  ['headers: {X-XSS-Protection: "a\\u0001b"}', "contains a control character"],
  ["headers: [x]", "http_server_config.headers: must be a mapping"],
  ["http2: 1", "http_server_config.http2: must be true or false, without quotes"],
])("the http_server_config %s is rejected", async ([content, message]) => {
  const folder = await webConfigFolder(`http_server_config:\n  ${content}\n`);
  onTestFinished(() => folder.remove());
  const reading = await readWebConfig(folder.file);
  expect("error" in reading && reading.error.message).toContain(message);
});

test("the message for an invalid file contains no secret", async () => {
  const folder =
    await webConfigFolder(`tls_server_config: {key: canary-1, cert: canary-2, nonsense: canary-3}
basic_auth_users: {alice: canary-4, "bob": "canary-5
`);
  onTestFinished(() => folder.remove());
  const unclosed = await readWebConfig(folder.file);
  await folder.write(`tls_server_config: {key: canary-1, cert: canary-2, nonsense: canary-3}
basic_auth_users: {alice: canary-4}
rate_limit: {interval: canary-5}
`);
  const invalid = await readWebConfig(folder.file);
  await folder.write("tls_server_config: {key: canary-1, cert: canary-2}\n");
  const noPem = await readWebConfig(folder.file);
  const messages = [unclosed, invalid, noPem].map((one) =>
    "error" in one ? one.error.message : "no error",
  );
  expect(messages.filter((message) => /canary|no error/.test(message))).toEqual([]);
});

test("a file in UTF-16 is named as such", async () => {
  const folder = await webConfigFolder("");
  onTestFinished(() => folder.remove());
  await writeFile(folder.file, Buffer.from("\ufeffbasic_auth_users: {}\n", "utf16le"));
  const reading = await readWebConfig(folder.file);
  expect("error" in reading && reading.error.message).toBe(
    `${folder.file}: is in UTF-16: save it as UTF-8`,
  );
});
