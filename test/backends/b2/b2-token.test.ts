import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { openB2At, startB2 } from "../../support/backends/b2-backend.ts";
import { failureOf } from "../../support/core/failure.ts";
import { refusal } from "../../support/backends/b2-answers.ts";
import type { FakeB2 } from "../../support/backends/fake-b2.ts";
import { FaultServer } from "../../support/http/fault-server.ts";

const { signal } = new AbortController();

let server: FaultServer;
let b2: FakeB2;

beforeEach(async () => {
  ({ server, b2 } = await startB2());
});

afterEach(() => server.stop());

const open = (): Promise<Backend> => openB2At("b2:backups:repo", { environment: b2.environment });

describe("an expired token", () => {
  test("is renewed once, and the call is repeated", async () => {
    b2.may = b2.restricted();
    const backend = await open();
    await backend.list("keys", undefined, signal);
    b2.expireTokens();
    await backend.list("keys", undefined, signal);
    await backend.list("keys", undefined, signal);
    expect(b2.calls).toEqual([
      "b2_authorize_account",
      "b2_list_file_names",
      "b2_list_file_names",
      "b2_authorize_account",
      "b2_list_file_names",
      "b2_list_file_names",
    ]);
  });

  test("in the middle of a listing loses no page", async () => {
    const names = Array.from({ length: 1500 }, (_, index) => `${index}`.padStart(4, "0"));
    b2.files = new Map(names.map((name) => [`repo/keys/${name}`, Buffer.from(name)]));
    const backend = await open();
    const first = await backend.list("keys", undefined, signal);
    b2.expireTokens();
    const second = await backend.list("keys", first.next, signal);
    expect([...first.names, ...second.names]).toEqual(names);
  });

  test("is renewed once for many parallel calls", async () => {
    b2.may = b2.restricted();
    const backend = await open();
    await backend.load("config", "", signal);
    b2.expireTokens();
    await Promise.all(Array.from({ length: 20 }, () => backend.load("config", "", signal)));
    expect(b2.calls.filter((call) => call === "b2_authorize_account")).toHaveLength(2);
  });

  test("may be replaced by one with another download host", async () => {
    const backend = await open();
    await backend.load("config", "", signal);
    const other = await FaultServer.start();
    other.answers(b2.serve);
    b2.downloadUrl = () => other.url;
    b2.expireTokens();
    await backend.load("config", "", signal);
    expect(other.requests.map(({ url }) => url)).toEqual(["/file/backups/repo/config"]);
    await other.stop();
  });

  test("that is rejected twice is denied, without further renewals", async () => {
    b2.may = b2.restricted();
    const backend = await open();
    server.answers((request, response) => {
      b2.serve(request, response);
      b2.expireTokens();
    });
    expect(await failureOf(backend.list("keys", undefined, signal))).toMatch(
      /^denied: b2:backups:repo\/keys\/ at \S+: access denied \(401 expired_auth_token\): /,
    );
    expect(b2.calls.filter((call) => call === "b2_authorize_account")).toHaveLength(2);
  });

  test("is not renewed if the key lacks a permission", async () => {
    b2.may = b2.restricted();
    const backend = await open();
    await backend.load("config", "", signal);
    server.answers(refusal(401, "unauthorized"));
    expect(await failureOf(backend.load("config", "", signal))).toMatch(
      /^denied: .* access denied \(401 unauthorized\): the application key needs the capability readFiles for this bucket$/,
    );
    expect(server.requests).toHaveLength(3);
  });
});
