import { afterEach, beforeEach, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { answer, FaultServer, status } from "../../support/http/fault-server.ts";
import type { Fault } from "../../support/http/fault-server.ts";
import { openStoreAt } from "../../support/backends/object-store-backend.ts";

const { signal } = new AbortController();
const KEY = Buffer.from("a key of the account").toString("base64");
const XML = `\uFEFF<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="x"><Blobs/><NextMarker/></EnumerationResults>`;
const EMPTY = answer(XML, "application/xml");

let server: FaultServer;
let clock: FakeClock;

beforeEach(async () => {
  server = await FaultServer.start();
  server.answers(EMPTY);
  clock = new FakeClock();
});

afterEach(() => server.stop());

function open(environment: Readonly<Record<string, string>>): Promise<Backend> {
  return openStoreAt("azure:backups:/a b", {
    environment: {
      AZURE_ACCOUNT_NAME: "account",
      AZURE_ENDPOINT_SUFFIX: server.url,
      ...environment,
    },
    clock,
  });
}

const list = async (backend: Backend): Promise<unknown> =>
  (await backend.list("keys", undefined, signal)).names;

async function failure(environment: Readonly<Record<string, string>>): Promise<string> {
  const failed = await failureOf(open(environment).then((backend) => list(backend)));
  for (const secret of [KEY, "a-signature"]) expect(failed).not.toContain(secret);
  return failed.replaceAll(`127.0.0.1:${server.port}`, "HOST");
}

test("an account key signs each request", async () => {
  expect(await list(await open({ AZURE_ACCOUNT_KEY: KEY }))).toEqual([]);
  const [{ url, headers } = expect.fail()] = server.requests;
  expect(url).toBe(
    "/account/backups?restype=container&comp=list&prefix=a%20b%2Fkeys%2F&delimiter=%2F&maxresults=5000",
  );
  expect(headers).toMatchObject({
    "x-ms-date": "Thu, 01 Jan 2026 00:00:00 GMT",
    "x-ms-version": "2023-11-03",
    authorization: expect.stringMatching(/^SharedKey account:[A-Za-z0-9+/]{43}=$/),
  });
});

test("a shared access signature is added to each URL, without its question mark", async () => {
  await list(await open({ AZURE_ACCOUNT_SAS: "?sv=2021-12-02&sp=rl&sig=a%2Bb%3D" }));
  const [{ url, headers } = expect.fail()] = server.requests;
  expect(url).toMatch(/&maxresults=5000&sv=2021-12-02&sp=rl&sig=a%2Bb%3D$/);
  expect(headers.authorization).toBeUndefined();
});

test("no message contains the shared access signature", async () => {
  server.answers(status(403, { "x-ms-error-code": "AuthenticationFailed" }));
  expect(await failure({ AZURE_ACCOUNT_SAS: "sv=1&sig=a-signature" })).toBe(
    "denied: azure:backups:/a b/keys/ at HOST: access denied (403 AuthenticationFailed): AZURE_ACCOUNT_SAS must allow reading and listing (rl) in this container and not be expired",
  );
});

test("the account name becomes the host name", async () => {
  const backend = await open({ AZURE_ACCOUNT_KEY: KEY, AZURE_ENDPOINT_SUFFIX: "invalid" });
  expect(await failureOf(list(backend))).toMatch(
    /^transient unreachable: azure:backups: the name of account\.blob\.invalid(:443)? cannot be resolved/,
  );
});

test("a wrong clock is corrected by the response, for all later requests", async () => {
  const late = status(403, { date: "Thu, 01 Jan 2026 02:00:00 GMT" });
  server.answers(late, EMPTY);
  const backend = await open({ AZURE_ACCOUNT_KEY: KEY });
  await list(backend);
  await list(backend);
  expect(server.requests.map(({ headers }) => headers["x-ms-date"])).toEqual([
    "Thu, 01 Jan 2026 00:00:00 GMT",
    "Thu, 01 Jan 2026 02:00:00 GMT",
    "Thu, 01 Jan 2026 02:00:00 GMT",
  ]);
});

test.for([
  ["ContainerNotFound", 404, "not_found", "the container does not exist (404 ContainerNotFound)"],
  [
    "ContainerBeingDeleted",
    409,
    "not_found",
    "the container does not exist (409 ContainerBeingDeleted)",
  ],
  ["InvalidQueryParameterValue", 400, "other", "the server answers 400 InvalidQueryParameterValue"],
  ["ServerBusy", 503, "transient unreachable", "the server answers 503"],
  ["OperationTimedOut", 500, "transient unreachable", "the server answers 500"],
] as const)("the error code %s", async ([code, answered, type, message]) => {
  server.answers(
    status(answered, {}, `\uFEFF<Error><Code>${code}</Code><Message>m</Message></Error>`),
  );
  expect(await failure({ AZURE_ACCOUNT_KEY: KEY })).toBe(
    `${type}: azure:backups:/a b/keys/ at HOST: ${message}`,
  );
});

test.for([
  [
    { AZURE_ACCOUNT_NAME: "" },
    "AZURE_ACCOUNT_NAME is not set in the environment of the repository",
  ],
  [{ AZURE_ACCOUNT_NAME: "evil.example/x" }, "AZURE_ACCOUNT_NAME is not a valid account name"],
  [{ AZURE_ACCOUNT_KEY: "not base64!" }, "AZURE_ACCOUNT_KEY is not Base64"],
  [{ AZURE_ENDPOINT_SUFFIX: "a/b" }, "AZURE_ENDPOINT_SUFFIX must be the end of a host name"],
] as const)("%j is rejected", async ([environment, message]) => {
  expect(await failure(environment)).toBe(`config: azure:backups:/: ${message}`);
});

const PAGES: readonly Fault[] = ["one", "two", ""].map((next, index) =>
  answer(
    `<EnumerationResults><Blobs><BlobPrefix><Name>a b/keys/x/</Name></BlobPrefix><Blob><Name>a b/keys/f${index}</Name><Properties><Content-Length>${index}</Content-Length></Properties></Blob></Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`,
  ),
);

test("each page begins at the marker of the page before", async () => {
  server.answers(...PAGES);
  const backend = await open({ AZURE_ACCOUNT_KEY: KEY });
  const first = await backend.list("keys", undefined, signal);
  expect(first).toMatchObject({ names: ["f0"], next: "one" });
  const second = await backend.list("keys", first.next, signal);
  expect(await backend.list("keys", second.next, signal)).toMatchObject({
    names: ["f2"],
    next: undefined,
  });
  expect(server.requests.map(({ url }) => /marker=(\w+)/.exec(url ?? "")?.[1])).toEqual([
    undefined,
    "one",
    "two",
  ]);
});
