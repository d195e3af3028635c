import { readFileSync } from "node:fs";

import { AgentError } from "../../../instrumentation/core/error.ts";
import { SettingsDocument } from "../../../src/settings/document.ts";
import { FIXED_KEYS, parseWebConfig } from "../../../src/web/config/web-config.ts";
import { settingsOf } from "../../support/agent/settings-file.ts";
import type { Target } from "../target.ts";

const example = (path: string): string =>
  readFileSync(new URL(`../../../examples/${path}`, import.meta.url), "utf8");

const WEB_CONFIG = `
http_server_config: { http2: true, headers: { X-Frame-Options: deny } }
basic_auth_users: { me: $2b$10$${"a".repeat(53)} }
rate_limit: { interval: 1s, burst: 5 }
tls_server_config: { cert_file: a.pem, key_file: b.pem, min_version: TLS12 }
`;

/** The YAML library takes 10 µs for each syntax error, and reports all of them. */
const MAX_MS = 1000;

/** Messages name a repository by its URL. A mutation may join a password to the path; a login, query or option is never shown. */
async function withoutPaths<Result>(parsed: Promise<Result>): Promise<Result> {
  try {
    return await parsed;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const message = error.message.replaceAll(/\] \([^@?=]*?\)(?=[.:])/g, "]");
    throw new AgentError(error.code, message, { cause: error });
  }
}

/** Files that a person writes. */
export const SETTINGS_FILES: readonly Target[] = [
  {
    name: "settings files",
    maxMs: MAX_MS,
    seeds: [
      "- { repo: /srv/r, password: SECRETPW, environment: { AWS_SECRET_ACCESS_KEY: SECRETPW } }\n",
      '{"repositories":[{"repo":"rest:http://u:SECRETPW@h/","password":{"env":"A"}}],"cron":"@daily"}',
      "repositories: []\notlp: [{ endpoint: 'http://h:4318', headers: { Authorization: SECRETPW } }]\n",
      "x: &x SECRETPW\nrepositories: [{ repo: /a, password: *x }, { repo: /b, password: *x }]\n",
      example("compose/config.yaml"),
    ],
    take: (input) => withoutPaths(settingsOf(input.toString())),
  },
  {
    name: "web configs",
    maxMs: MAX_MS,
    seeds: [WEB_CONFIG],
    take(input) {
      const options = { scalars: "written", keys: FIXED_KEYS } as const;
      const document = new SettingsDocument("web.yml", input.toString(), options);
      if (document.problems.length > 0)
        throw new AgentError("config", document.problems.join("\n"));
      const parsed = parseWebConfig(document.value);
      if (!("problems" in parsed)) return;
      const lines = parsed.problems.map(({ path, message }) => document.problem(path, message));
      throw new AgentError("config", lines.join("\n"));
    },
  },
];
