import { expect, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import { requestFailure } from "../../instrumentation/http/errors.ts";

/** For failures that cannot be caused on loopback; http.test.ts and tls.test.ts have the others. */
function withCode(code: string): Error {
  return Object.assign(new Error(`message of ${code}`), { code });
}

test.for([
  ["ENOTFOUND", "unreachable", "the name of host:1 cannot be resolved (ENOTFOUND)"],
  ["EAI_AGAIN", "unreachable", "the name of host:1 cannot be resolved (EAI_AGAIN)"],
  ["EHOSTUNREACH", "unreachable", "host:1 cannot be reached (EHOSTUNREACH)"],
  ["ENETUNREACH", "unreachable", "host:1 cannot be reached (ENETUNREACH)"],
  ["ECONNREFUSED", "unreachable", "host:1 refuses the connection"],
  ["ECONNRESET", "unreachable", "host:1 closed the connection"],
  ["EPIPE", "unreachable", "host:1 closed the connection"],
  ["ETIMEDOUT", "timeout", "host:1 sent nothing for 10 s"],
] as const)("%s is transient: %s", ([thrown, code, message]) => {
  const error = requestFailure(withCode(thrown), "host:1", 10_000);
  expect(error).toMatchObject({ code, transient: true, message });
});

test.for([
  ["EACCES", "denied", "no permission to open host:1"],
  [
    "CERT_HAS_EXPIRED",
    "unreachable",
    "TLS with host:1 failed: message of CERT_HAS_EXPIRED (CERT_HAS_EXPIRED)",
  ],
  [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "unreachable",
    "TLS with host:1 failed: message of DEPTH_ZERO_SELF_SIGNED_CERT (DEPTH_ZERO_SELF_SIGNED_CERT); to trust another CA for a repository, set RESTIC_CACERT",
  ],
  ["EMFILE", "other", "the request to host:1 failed: EMFILE"],
] as const)("%s is permanent: %s", ([thrown, code, message]) => {
  const error = requestFailure(withCode(thrown), "host:1", 10_000);
  expect(error).toMatchObject({ code, transient: false, message });
});

test("of several addresses of a host the first one counts", () => {
  const error = new AggregateError([withCode("ECONNREFUSED"), withCode("ENETUNREACH")]);
  expect(requestFailure(error, "host:1", 1).message).toBe("host:1 refuses the connection");
});

test("the code of a cause counts", () => {
  const error = new TypeError("failed", { cause: withCode("ENOTFOUND") });
  expect(requestFailure(error, "host:1", 1)).toMatchObject({ code: "unreachable", cause: error });
});

test("an error without a code keeps its message", () => {
  expect(requestFailure(new TypeError("odd"), "host:1", 1)).toMatchObject({
    code: "other",
    transient: false,
    message: "the request to host:1 failed: odd",
  });
  expect(requestFailure("odd", "host:1", 1).message).toBe(
    "the request to host:1 failed: unknown reason",
  );
});

test("an AgentError is returned unchanged", () => {
  const error = new AgentError("corrupt", "too long");
  expect(requestFailure(error, "host:1", 1)).toBe(error);
});
