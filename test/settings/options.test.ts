import { expect, test } from "vitest";

import { errorOf, settingsOf } from "../support/agent/settings-file.ts";

/** The output of `restic options` 0.19.1. */
const RESTIC_OPTIONS =
  "azure.access-tier azure.connections b2.connections gs.connections gs.region local.connections rclone.args rclone.connections rclone.program rclone.timeout rest.connections s3.bucket-lookup s3.connections s3.enable-restore s3.layout s3.list-objects-v1 s3.region s3.restore-days s3.restore-tier s3.restore-timeout s3.retries s3.storage-class s3.unsafe-anonymous-auth sftp.args sftp.command sftp.connections swift.connections".split(
    " ",
  );

test("an entry sets restic's options, connections, insecure_tls, receivesCopies and request_timeout for its repository", async () => {
  const { monitor, warnings } = await settingsOf(`
- repo: s3:s3.example.com/bucket
  password: p
  connections: 3
  insecure_tls: true
  receivesCopies: true
  request_timeout: 1m30s
  environment: { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: { env: KEY }, AWS_SESSION_TOKEN: "" }
  options: { s3.region: eu-1, s3.list-objects-v1: true, s3.restore-days: 7, s3.storage-class: GLACIER, azure.access-tier: Hot }
- { repo: /b, password: q }
`);
  const [first, second] = monitor.repositories;
  expect(first).toMatchObject({
    connections: 3,
    insecureTls: true,
    receivesCopies: true,
    requestTimeoutMs: 90_000,
  });
  expect(first?.options).toEqual({
    "s3.region": "eu-1",
    "s3.list-objects-v1": "true",
    "s3.restore-days": "7",
    "s3.storage-class": "GLACIER",
    "azure.access-tier": "Hot",
  });
  expect(Object.keys(first?.environment ?? {})).toEqual([
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
  ]);
  expect(second).toMatchObject({ options: {}, connections: undefined, insecureTls: false });
  expect(second?.receivesCopies).toBe(false);
  expect(warnings).toEqual([]);
});

test("every option that restic lists is accepted", async () => {
  const valueOf = (name: string): string => {
    if (name.endsWith("timeout")) return "1h30m";
    if (["connections", "retries", "days"].some((end) => name.endsWith(end))) return "2";
    return name.endsWith("lookup") ? "dns" : "true";
  };
  const options = Object.fromEntries(RESTIC_OPTIONS.map((name) => [name, valueOf(name)]));
  const { monitor } = await settingsOf(JSON.stringify([{ repo: "/a", password: "p", options }]));
  expect(monitor.repositories[0]?.options).toEqual(options);
});

test.for([
  [
    "a misspelled option",
    '[{"repo": "/a", "password": "p", "options": {"s3.regoin": "x"}}]',
    "FILE:1:46: [0] (/a).options.s3.regoin: unknown option, did you mean s3.region?",
  ],
  [
    "an option that the scheme does not have",
    '[{"repo": "/a", "password": "p", "options": {"gs.compression": "x"}}]',
    "FILE:1:46: [0] (/a).options.[key 1]: unknown option; known options: gs.connections, gs.region",
  ],
  [
    "an option without scheme",
    '[{"repo": "/a", "password": "p", "options": {"constructor": "x"}}]',
    'FILE:1:46: [0] (/a).options.[key 1]: unknown option; "restic options" lists the known options',
  ],
  [
    "invalid values",
    `repositories:
  - repo: /a
    password: p
    connections: 0
    insecure_tls: "yes"
    request_timeout: 30
    options:
      s3.bucket-lookup: virtual
      s3.list-objects-v1: maybe
      sftp.connections: 0
      rclone.timeout: 60
      s3.region: [x]
`,
    [
      "FILE:8:7: repositories[0] (/a).options.s3.bucket-lookup: must be auto, dns or path",
      "FILE:9:7: repositories[0] (/a).options.s3.list-objects-v1: must be true or false",
      "FILE:10:7: repositories[0] (/a).options.sftp.connections: must be a whole number from 1",
      'FILE:11:7: repositories[0] (/a).options.rclone.timeout: must be a duration with its unit, like "30s" or "1m"',
      "FILE:12:7: repositories[0] (/a).options.s3.region: must be text",
      "FILE:4:5: repositories[0] (/a).connections: must be a whole number from 1",
      "FILE:5:5: repositories[0] (/a).insecure_tls: must be true or false",
      'FILE:6:5: repositories[0] (/a).request_timeout: must be a duration with its unit, like "30s" or "5m"',
    ].join("\n"),
  ],
  [
    "a string as options",
    '[{"repo": "/a", "password": "p", "options": "s3.region=x"}]',
    "FILE:1:34: [0] (/a).options: must be a mapping from restic's options to values",
  ],
] as const)("%s: the entry is rejected", async ([, content, message]) => {
  expect(await errorOf(content)).toBe(message);
});
