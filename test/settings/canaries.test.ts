import { expect, test } from "vitest";

import { refusalOf } from "../support/agent/settings-file.ts";

/** Wherever a secret may stand, in whatever wrong shape: it is in no message. */
test.for([
  '[{"repo": "/a", "password": {"CANARY": "CANARY"}}]',
  '[{"repo": "/a", "password": ["CANARY"]}]',
  '[{"repo": "/a", "password": {"file": "CANARY", "x": "CANARY"}}]',
  '[{"repo": "rest:http://u:CANARY@h:99999/", "password": "p"}]',
  '[{"repo": "rest:http://u:CAN%ARY@h/", "password": "CANARY"}]',
  '[{"repo": "ftp://u:CANARY@h/", "password": "CANARY"}]',
  '[{"repo": "/a", "password": "CANARY"',
  '[{"repo": "/a", "password": CANARY CANARY: [}]',
  '[{"repo": "/a", "password": "CANARY" "x"}]',
  "repositories:\n  - repo: /a\n    password: *CANARY\n",
  "repositories:\n  - repo: /a\n    password: 'CANARY' x\n",
  '[{"repo": "/a", "b2_key": ["CANARY"], "password": "p"}]',
  '[{"repo": "/a", "password": "p", "environment": {"X": ["CANARY"]}}]',
  '[{"repo": "/a", "password": "p", "environment": "CANARY"}]',
  '[{"repo": "/a", "password": "p", "environment": {"RESTIC_PASSWORD": "CANARY"}}]',
  '[{"repo": "/a", "password": "CANARY", "insecure_no_password": true}]',
  '[{"repo": "/a", "password": {"vault": "CANARY", "field": "CANARY"}}]',
  '{"repositories": [], "otlp": [{"endpoint": "http://u:CANARY@h:4318"}]}',
  '{"repositories": [], "otlp": [{"endpoint": "http://h:4318", "headers": {"a b": "CANARY"}}]}',
  '[{"repo": "/a", "password": "p", "b2_account_id": 5, "b2_key": "CANARY"}]',
])("no secret in the refusal of %s", async (content) => {
  const refused = await refusalOf(content);
  expect(refused).toMatch(/^FILE:/);
  expect(refused).not.toMatch(/CANARY|CAN%|ARY@/);
});
