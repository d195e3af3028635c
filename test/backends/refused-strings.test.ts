import { expect, test } from "vitest";

import { credentialsIn, parseLocation } from "../../instrumentation/backends/location.ts";
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
  // Addresses that restic takes for a path, a host or a remote.
  `//user:${PASSWORD}@host:8000/p`,
  `\\\\user:${PASSWORD}@host\\p`,
  `/rest:http://user:${PASSWORD}@host/`,
  `local:rest:http://user:${PASSWORD}@host/p`,
  `rclone:https://user:${PASSWORD}@host/p`,
  `rclone:rest:http://user:${PASSWORD}@host/p`,
  `rclone:user:${PASSWORD}@host:p`,
  `rclone:r:p,pass=${PASSWORD}`,
  `rclone:r;pass=${PASSWORD}:p`,
  `rclone:r?pass=${PASSWORD}:p`,
  `rclone:r pass=${PASSWORD}:p`,
  `rest:http:///user:${PASSWORD}@host/p`,
  `rest:http://\\user:${PASSWORD}@host/p`,
  `rest:http://\t/user:${PASSWORD}@host/p`,
  `rest:http+unix:///run/s:http://user:${PASSWORD}@host/`,
  `rest:http+unix:///run/s://user:${PASSWORD}@host/`,
  `sftp:user:${PASSWORD}@host`,
  `sftp:user:${PASSWORD}@host/p`,
  `sftp:user:12/${PASSWORD}@host:/p`,
  `sftp:user@domain:${PASSWORD}@host:/p`,
  `sftp:host:user:${PASSWORD}@other`,
  `sftp:ssh://user:${PASSWORD}@host/p`,
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

test.for([
  ["local:rest:http://user:SECRETPW@host/p", "SECRETPW"],
  ["rclone:https://user:SECRETPW@host/p", "SECRETPW"],
  ["rclone:user:SECRETPW@host:p", "SECRETPW"],
] as const)("the password in %s is redacted in messages", ([repo, password]) => {
  expect(credentialsIn(repo)).toContain(password);
});

test.for([
  "/srv/me@example.com:1/x",
  "sftp:user@nas:/volume1/@home/x",
  "sftp:nas:/backup/me@example.com/x",
  "rclone:drive:me@example.com/backup",
  "rclone:/mnt/a=b/c",
  "local:a//b@c",
])("%s is no login", (repo) => {
  expect(parseRepository({ repo, password: "p" }, resolversWith([]))).toMatchObject({
    value: { url: repo },
  });
});

test.for([" /srv/restic ", "\trest:https://host/\n"])("blanks around %j are removed", (repo) => {
  const parsed = parseRepository({ repo, password: "p" }, resolversWith([]));
  expect(parsed).toMatchObject({ value: { url: repo.trim() } });
});
