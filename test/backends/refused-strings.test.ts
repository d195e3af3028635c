import { expect, test } from "vitest";

import { parseLocation } from "../../instrumentation/backends/location.ts";
import { parseRepository } from "../../instrumentation/settings/repository.ts";
import { resolversWith } from "../../instrumentation/secrets/resolvers.ts";

const PASSWORD = "SECRETPW";

/** All that an entry with this repository string shows: problems, warnings and the label `url`. */
function shown(repo: string, more: object = {}): string {
  return JSON.stringify(
    parseRepository({ repo, password: "p", ...more }, resolversWith([])),
    (key, value: unknown) => (key === "repo" ? "" : value),
  );
}

const STRINGS = [
  ` rest:http://user:${PASSWORD}@host:8000/p`,
  `\trest:http://user:${PASSWORD}@host:8000/p\n`,
  `rest;http://user:${PASSWORD}@host/`,
  `rest:user:${PASSWORD}@host:8000/p`,
  `rest:/http://user:${PASSWORD}@host/`,
  `rest:http:/user:${PASSWORD}@host/`,
  `rest:http://user:${PASSWORD}@host:80a/`,
  `rest:http://user:%${PASSWORD}@host/`,
  `Rest:http://user:${PASSWORD}@host/`,
  `http://user:${PASSWORD}@host/`,
  `s3:https:/AK:${PASSWORD}@host/b/p`,
  `s3:AK:${PASSWORD}@host/b/p`,
  `s3:https://AK:${PASSWORD}@host/b/p`,
  `s3:https://AK:${PASSWORD}@host/`,
  `s3;https://AK:${PASSWORD}@host/b`,
  `user:${PASSWORD}@host:/p`,
  `rclone:r,pass=${PASSWORD}`,
  `rclone:r,pass="a:${PASSWORD}"`,
  `rclone::sftp,pass=${PASSWORD}:path`,
  `rclone::sftp,pass="x:${PASSWORD}":path`,
  `sftp:u:${PASSWORD}@h:/p`,
  `sftp://u:${PASSWORD}@h/p`,
  `sftp//u:${PASSWORD}@h/p`,
  `azure:c:/p?sig=${PASSWORD}`,
  `azure:${PASSWORD}`,
  `azure:account:${PASSWORD}@c:/p`,
  `b2:id:${PASSWORD}@bucket:p`,
  `b2:${PASSWORD}/x`,
  `gs:b:/p?token=${PASSWORD}`,
  `swift:user:${PASSWORD}@c:/p`,
  `swift:c:${PASSWORD}`,
] as const;

test.for(STRINGS)("%j never shows its password", (repo) => {
  expect(shown(repo)).not.toContain(PASSWORD);
  expect(shown(repo, { disabled: true })).not.toContain(PASSWORD);
  try {
    parseLocation(repo);
  } catch (error) {
    expect(String(error)).not.toContain(PASSWORD);
  }
});

test.for([" /srv/restic ", "\trest:https://host/\n"])("blanks around %j are removed", (repo) => {
  const parsed = parseRepository({ repo, password: "p" }, resolversWith([]));
  expect(parsed).toMatchObject({ value: { url: repo.trim() } });
});
