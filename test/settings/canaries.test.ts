import { expect, test } from "vitest";

import { errorOf } from "../support/agent/settings-file.ts";

/** Settings with a syntax error or a wrong type near a secret, or with a secret that a slip moved into a key. */
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
  "[{ repo: /srv/r, password:CANARY }]",
  '[{"repo":"/srv/r",/* rotate in May */"password":"CANARY"}]',
  "repositories:\n  - repo: /srv/r\n    password: x\n    environment: { AWS_SECRET_ACCESS_KEY:CANARY }\n",
  "repositories:\n  - repo: /srv/r\n    password: x\n    environment: { CANARY: [1] }\n",
  "repositories:\n  - repo: /srv/r\n    password: x\n    options: { CANARY: x }\n",
  "repositories:\n  - repo: /srv/r\n    password: { vault: kv/a, CANARY: x }\n",
  "repositories:\n  - repo: /srv/r\n    password: { file: a, CANARY: x }\n",
  "repositories: []\nCANARY: x\n",
  "repositories: []\nCANARY: x\nCANARY: y\n",
  "repositories: []\notlp: [{ endpoint: 'http://h:4318', headers: { Authorization:CANARY } }]\n",
  "repositories: []\notlp: [{ endpoint: 'http://h:4318', headers: { 'CANARY x': y } }]\n",
  "repositories: []\notlp: [{ endpoint: 'http://h:4318', token:CANARY }]\n",
  "repositories: []\nvault: { address: 'http://v:8200', auth: { method: token, token:CANARY } }\n",
  "repositories: []\nvault: { address: 'http://v:8200', auth: { method: token, token: { CANARY: x } } }\n",
  "repositories: []\nvault: { address: 'http://v:8200', token:CANARY }\n",
])("the error message does not contain the secret: %s", async (content) => {
  const message = await errorOf(content);
  expect(message).toMatch(/^FILE:/);
  expect(message).not.toMatch(/CANARY|CAN%|ARY@/);
});
