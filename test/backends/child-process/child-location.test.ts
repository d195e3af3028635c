import { expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import { parseLocation } from "../../../instrumentation/backends/location.ts";
import { sftpAddress } from "../../../instrumentation/backends/sftp/location.ts";
import { shellWords } from "../../../instrumentation/backends/child-process/shell-words.ts";

test.for([
  ["sftp:host:path", undefined, "host", undefined, "path"],
  ["sftp:user@host:/srv/repo", "user", "host", undefined, "/srv/repo"],
  ["sftp:user@realm@host:dir/../repo//", "user@realm", "host", undefined, "repo"],
  ["sftp:host:a:b", undefined, "host", undefined, "a:b"],
  ["sftp:host:", undefined, "host", undefined, "."],
  ["sftp:host:/", undefined, "host", undefined, "/"],
  ["sftp:us%65r@host:a%20b", "us%65r", "host", undefined, "a%20b"],
  ["sftp://host/path", undefined, "host", undefined, "path"],
  ["sftp://host//srv/repo", undefined, "host", undefined, "/srv/repo"],
  ["sftp://user@host:2222/a%20b/../c%40d", "user", "host", "2222", "c@d"],
  ["sftp://us%40er:password@host/path/", "us@er", "host", undefined, "path"],
  ["sftp://user@[fe80::1]:22//srv", "user", "fe80::1", "22", "/srv"],
  ["sftp://host/", undefined, "host", undefined, "."],
] as const)("%s is a host and a path", ([repo, user, host, port, path]) => {
  expect(parseLocation(repo)).toEqual({ scheme: "sftp", user, host, port, path });
});

test.for([
  ["sftp:", "the path is missing, expected sftp:user@host:path"],
  ["sftp:host", "the path is missing, expected sftp:user@host:path"],
  ["sftp::path", "the host is missing, expected sftp:user@host:path"],
  ["sftp:-oProxyCommand=x:path", "host and user must not begin with -"],
  ["sftp:-lx@host:path", "host and user must not begin with -"],
  ["sftp://-oProxyCommand=x/path", "host and user must not begin with -"],
  ["sftp://%2DoProxyCommand=x@host/path", "host and user must not begin with -"],
  ["sftp:host\n:path", "control characters are not allowed"],
  ["sftp:host:~/path", /^.*the path begins with ~/],
  ["sftp://host/~user/path", /^.*the path begins with ~/],
  ["sftp://host", "the address is invalid, expected sftp://user@host:22/path"],
  ["sftp:///path", "the host is missing, expected sftp:user@host:path"],
  ["sftp://host:port/path", "the address is invalid, expected sftp://user@host:22/path"],
  ["sftp://host/%zz", "the address has an invalid percent-encoding: write % as %25"],
  ["rclone:", "the remote is missing, expected rclone:remote:path"],
  ["rclone:--config=/x", "the remote must not begin with -"],
] as const)("%s is rejected", ([repo, problem]) => {
  expect(() => parseLocation(repo)).toThrow(problem);
});

test("the message of a rejected address has no password", () => {
  expect(() => parseLocation("sftp://user:secret@host/~x")).toThrow(
    `repository "sftp:…": the path begins with ~`,
  );
});

test.for([
  ["sftp:user@host:/srv", "sftp:user@host:/srv"],
  ["sftp://user:pw@host//srv", "sftp:user@host:/srv"],
  ["sftp://host:2222//srv", "sftp://host:2222//srv"],
  ["sftp://[::1]/repo", "sftp://[::1]/repo"],
] as const)("%s is shown as %s", ([repo, shown]) => {
  const location = parseLocation(repo);
  expect(location.scheme === "sftp" && sftpAddress(location)).toBe(shown);
  // The printed address names the same location.
  expect(parseLocation(shown)).toEqual(location);
});

test.for([
  ["rclone:remote:path", "remote:path", "rclone:remote:path"],
  ["rclone:remote:", "remote:", "rclone:remote:"],
  ["rclone::s3,secret_access_key=x:b/p", ":s3,secret_access_key=x:b/p", "rclone::s3:b/p"],
] as const)("%s is a remote", ([repo, remote, printable]) => {
  expect(parseLocation(repo)).toEqual({ scheme: "rclone", remote, printable });
});

/** Cases for the rule of restic 0.19.1 (internal/backend/shell_split.go). */
test.for([
  ["ssh -p 22 host", ["ssh", "-p", "22", "host"]],
  ["  a\tb\nc\u00A0d\u0085e  ", ["a", "b", "c", "d", "e"]],
  [`ssh -o "A B" 'c "d"'`, ["ssh", "-o", "A B", `c "d"`]],
  ["--x='a b'", ["--x=", "a b"]],
  [`a '' b ""`, ["a", "b"]],
  ["c\\ d", ["c", "d"]],
  [`"a\\"b" c`, [`a\\"b`, "c"]],
  [`'a\\b'`, ["a\\b"]],
  ["a\uFEFFb", ["a\uFEFFb"]],
] as const)("%j is split into words", ([command, words]) => {
  expect(shellWords(command, invalid)).toEqual(words);
});

test.for([
  ["", "the command is empty"],
  [" '' ", "the command is empty"],
  ["a 'b", "a quote ' is not closed"],
  [`a "b'`, `a quote " is not closed`],
] as const)("%j is not a command", ([command, problem]) => {
  expect(() => shellWords(command, invalid)).toThrow(problem);
});

function invalid(problem: string): AgentError {
  return new AgentError("config", problem);
}
