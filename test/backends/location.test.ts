import { expect, test } from "vitest";

import { parseLocation } from "../../instrumentation/backends/location.ts";
import { printableUrl } from "../../instrumentation/backends/printable-url.ts";

test.for([
  ["/srv/repo", "/srv/repo"],
  ["repo", "repo"],
  ["../repo:1", "../repo:1"],
  ["local:rest", "rest"],
  ["local:a:b", "a:b"],
  ["/a:b", "/a:b"],
  ["C:\\repo", "C:\\repo"],
  ["D:/repo", "D:/repo"],
] as const)("%s is the directory %s", ([repo, path]) => {
  expect(parseLocation(repo)).toEqual({ scheme: "local", path });
});

test.for([
  ["rest:http://host:8000", "http://host:8000/", undefined],
  ["rest:https://host/a/b", "https://host/a/b/", undefined],
  ["rest:https://[::1]:8000/a%20b/", "https://[::1]:8000/a%20b/", undefined],
  ["rest:https://u:p@host/", "https://host/", ["u", "p"]],
  ["rest:https://u%40x:p%3A%2F@host/", "https://host/", ["u@x", "p:/"]],
  ["rest:https://u@host/", "https://host/", ["u", ""]],
] as const)("%s is a REST server", ([repo, base, login]) => {
  const location = parseLocation(repo);
  if (location.scheme !== "rest") return expect.fail("not rest");
  expect(location.base).toBe(base);
  expect(location.login && [location.login.username, location.login.password.revealText()]).toEqual(
    login,
  );
});

test.for([
  ["rest:http+unix:///run/rest.sock:/repo", "/run/rest.sock", "http://localhost/repo/"],
  ["rest:http+unix:///run/rest.sock:", "/run/rest.sock", "http://localhost/"],
  ["rest:http+unix:///run/rest.sock:/a%20b/", "/run/rest.sock", "http://localhost/a%20b/"],
] as const)("%s is a REST server on a socket", ([repo, socketPath, base]) => {
  expect(parseLocation(repo)).toEqual({ scheme: "rest", socketPath, base, login: undefined });
});

const KNOWN =
  "known are azure, b2, gs, local, rclone, rest, s3, sftp, swift; write a path with a colon as local:…";

test.for([
  ["", "repository: the string is empty"],
  ["S3:host/b", `repository: unknown scheme, ${KNOWN}`],
  ["ftp://host", `repository: unknown scheme, ${KNOWN}`],
  ["local:", 'repository "local:…": the path after local: is missing'],
  [
    "rest:host/",
    'repository "rest:…": the address is invalid, expected rest:https://host:8000/path/',
  ],
  [
    "rest:https://u:se/cret@host/",
    'repository "rest:…": the address is invalid; special characters in user and password must be percent-encoded',
  ],
  [
    "rest:https://u:100%@host/",
    'repository "rest:…": user or password has an invalid percent-encoding: write % as %25',
  ],
  [
    "rest:http+unix:///run/rest.sock",
    'repository "rest:…": the socket address is invalid, expected rest:http+unix:///run/rest.sock:/path/',
  ],
] as const)("%s is rejected", ([repo, message]) => {
  expect(() => parseLocation(repo)).toThrow(expect.objectContaining({ code: "config", message }));
});

test.for([
  ["/srv/a@b", "/srv/a@b"],
  ["local:a//b@c", "local:a//b@c"],
  ["rest:https://user:pass@host/", "rest:https://host/"],
  ["rest:https://user:pa@ss@host:8000/x@y/", "rest:https://host:8000/x@y/"],
  ["rest:https://host/user@domain/", "rest:https://host/user@domain/"],
  ["rest:https://user@host", "rest:https://host"],
  ["rest:https://host/?token=secret", "rest:https://host/"],
  ["rest:http+unix:///run/r.sock:/x/", "rest:http+unix:///run/r.sock:/x/"],
  ["s3:https://key:secret@host/bucket", "s3:https://host/bucket"],
  ["s3:host/bucket", "s3:host/bucket"],
  ["sftp://user:pw@host:22/path", "sftp://user@host:22/path"],
  ["sftp://user@host//abs", "sftp://user@host//abs"],
  ["sftp:user@host:/path", "sftp:user@host:/path"],
  ["rclone:remote:path", "rclone:remote:path"],
  ["rclone::s3,secret_access_key=secret:bucket", "rclone::s3:bucket"],
  ["b2:bucket:prefix", "b2:bucket:prefix"],
] as const)("%s is printed as %s", ([repo, printed]) => {
  expect(printableUrl(repo)).toBe(printed);
});
