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
] as const)("%s", ([repo, user, host, port, path]) => {
  expect(parseLocation(repo)).toEqual({ scheme: "sftp", user, host, port, path });
});

test.for([
  ["sftp:", "there is no path: sftp:user@host:path"],
  ["sftp:host", "there is no path: sftp:user@host:path"],
  ["sftp::path", "it names no host: sftp:user@host:path"],
  ["sftp:-oProxyCommand=x:path", "host and user must not begin with -"],
  ["sftp:-lx@host:path", "host and user must not begin with -"],
  ["sftp://-oProxyCommand=x/path", "host and user must not begin with -"],
  ["sftp://%2DoProxyCommand=x@host/path", "host and user must not begin with -"],
  ["sftp:host\n:path", "it holds a control character"],
  ["sftp:host:~/path", /^.*the path begins with ~/],
  ["sftp://host/~user/path", /^.*the path begins with ~/],
  ["sftp://host", "an address like sftp://user@host:22/path is needed"],
  ["sftp:///path", "it names no host: sftp:user@host:path"],
  ["sftp://host:port/path", "an address like sftp://user@host:22/path is needed"],
  ["sftp://host/%zz", "it has a % that begins no percent-encoding: write it %25"],
  ["rclone:", "it names no remote: rclone:remote:path"],
  ["rclone:--config=/x", "the remote must not begin with -"],
] as const)("%s is refused", ([repo, problem]) => {
  expect(() => parseLocation(repo)).toThrow(problem);
});

test("no password is in the message of an address that is refused", () => {
  expect(() => parseLocation("sftp://user:secret@host/~x")).toThrow(
    `repository "sftp://user@host/~x": the path begins with ~`,
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
  // It names the same place.
  expect(parseLocation(shown)).toEqual(location);
});

test.for([
  ["rclone:remote:path", "remote:path", "rclone:remote:path"],
  ["rclone:remote:", "remote:", "rclone:remote:"],
  ["rclone::s3,secret_access_key=x:b/p", ":s3,secret_access_key=x:b/p", "rclone::s3:b/p"],
] as const)("%s", ([repo, remote, printable]) => {
  expect(parseLocation(repo)).toEqual({ scheme: "rclone", remote, printable });
});

/** The rule of restic 0.19.1 (internal/backend/shell_split.go). */
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
] as const)("%j are the words of a command", ([command, words]) => {
  expect(shellWords(command, invalid)).toEqual(words);
});

test.for([
  ["", "it is empty"],
  [" '' ", "it is empty"],
  ["a 'b", "a quote ' is not closed"],
  [`a "b'`, `a quote " is not closed`],
] as const)("%j is no command", ([command, problem]) => {
  expect(() => shellWords(command, invalid)).toThrow(problem);
});

function invalid(problem: string): AgentError {
  return new AgentError("config", problem);
}
