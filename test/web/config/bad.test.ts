import { onTestFinished, expect, test } from "vitest";

import { readWebConfig } from "../../../src/web/config/web-config-file.ts";
import { webConfigFolder } from "../../support/web/web-config-folder.ts";
import { WEB_CONFIGS } from "../../support/web/web-configs.ts";

/** Whether the toolkit takes and refuses the same is held in test/peers. */
test("what every bad file is refused with, whole", async () => {
  const folder = await webConfigFolder("");
  onTestFinished(() => folder.remove());
  const refusals: string[] = [];
  for (const [name, content] of Object.entries(WEB_CONFIGS)) {
    await folder.write(content);
    const reading = await readWebConfig(folder.file);
    if ("refused" in reading)
      refusals.push(`# ${name}\n${reading.refused.message.replaceAll(folder.path(""), "")}\n`);
  }
  await expect(refusals.join("\n")).toMatchFileSnapshot("../../golden/web-config-refusals.txt");
});

test.for([
  ['headers: {X-XSS-Protection: "a\\u0001b"}', "has a control character in it"],
  ["headers: [x]", "http_server_config.headers: must be a mapping"],
  ["http2: 1", "http_server_config.http2: must be true or false, without quotes"],
])("http_server_config: %s", async ([content, message]) => {
  const folder = await webConfigFolder(`http_server_config:\n  ${content}\n`);
  onTestFinished(() => folder.remove());
  const reading = await readWebConfig(folder.file);
  expect("refused" in reading && reading.refused.message).toContain(message);
});

test("a secret of a file that is refused is in no message", async () => {
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
  const wrong = await readWebConfig(folder.file);
  await folder.write("tls_server_config: {key: canary-1, cert: canary-2}\n");
  const noPem = await readWebConfig(folder.file);
  const messages = [unclosed, wrong, noPem].map((one) =>
    "refused" in one ? one.refused.message : "was taken",
  );
  expect(messages.filter((message) => /canary|was taken/.test(message))).toEqual([]);
});
