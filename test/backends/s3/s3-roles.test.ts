import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { FakeRoles } from "../../support/backends/fake-roles.ts";
import { FakeS3 } from "../../support/backends/fake-s3.ts";
import { FaultServer, answer, status } from "../../support/http/fault-server.ts";
import type { Fault } from "../../support/http/fault-server.ts";
import { openS3At } from "../../support/backends/s3-backend.ts";

const { signal } = new AbortController();
const HOUR = 3_600_000;

let folder: string;
let server: FaultServer;
/** The token service and the metadata servers. */
let giver: FaultServer;
let clock: FakeClock;
let s3: FakeS3;
let roles: FakeRoles;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roles-"));
  await writeFile(join(folder, "token"), "a token of the orchestrator\n");
  server = await FaultServer.start();
  giver = await FaultServer.start();
  clock = new FakeClock();
  s3 = new FakeS3(() => clock.now());
  server.answers(s3.serve);
  s3.files = new Map([["config", Buffer.from("c")]]);
  roles = new FakeRoles(s3, clock);
});

afterEach(async () => {
  await server.stop();
  await giver.stop();
  await rm(folder, { recursive: true });
});

/** Does not use files or roles of this machine. */
const open = (environment: Readonly<Record<string, string>>): Promise<Backend> =>
  openS3At(`s3:${server.url}/bucket`, {
    environment: { AWS_EC2_METADATA_DISABLED: "true", HOME: "/nowhere", ...environment },
    clock,
  });

const load = async (environment: Readonly<Record<string, string>>): Promise<number> =>
  (await (await open(environment)).load("config", "", signal)).length;

const bodies = new WeakMap<IncomingMessage, string>();
const read =
  (next: Fault): Fault =>
  (request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      bodies.set(request, text);
      next(request, response);
    });
  };
const form = (index: number): unknown =>
  Object.fromEntries(
    new URLSearchParams(bodies.get(giver.requests[index] ?? expect.fail("no such request"))),
  );

test("a token of the orchestrator is exchanged for a role", async () => {
  giver.answers(read(roles.sts("AssumeRoleWithWebIdentity")));
  const environment = {
    AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, "token"),
    AWS_ROLE_ARN: "arn:aws:iam::1:role/reader",
    AWS_ENDPOINT_URL_STS: giver.url,
  };
  expect(await load(environment)).toBe(1);
  expect(form(0)).toEqual({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: "arn:aws:iam::1:role/reader",
    RoleSessionName: "restic-otel",
    WebIdentityToken: "a token of the orchestrator",
  });
});

test.for([
  [
    "a URL",
    (url: string) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/creds`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "Basic x",
    }),
    "Basic x",
  ],
  [
    "a URL and a token file",
    (url: string) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/creds`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder, "token"),
    }),
    "a token of the orchestrator",
  ],
] as const)("a container has a role, by %s", async ([, environment, token]) => {
  giver.answers(roles.metadata);
  expect(await load(environment(giver.url))).toBe(1);
  expect(giver.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
    ["/creds", token],
  ]);
});

test("an instance has a role", async () => {
  giver.answers(answer("a session"), answer("reader\n"), roles.metadata);
  const environment = {
    AWS_EC2_METADATA_DISABLED: "",
    AWS_EC2_METADATA_SERVICE_ENDPOINT: giver.url,
  };
  expect(await load(environment)).toBe(1);
  const asked = giver.requests.map(({ method, url, headers }) => [
    method,
    url,
    headers["x-aws-ec2-metadata-token"],
  ]);
  expect(asked).toEqual([
    ["PUT", "/latest/api/token", undefined],
    ["GET", "/latest/meta-data/iam/security-credentials/", "a session"],
    ["GET", "/latest/meta-data/iam/security-credentials/reader", "a session"],
  ]);
});

test("an instance without a role, and a machine that is no instance, have no credentials", async () => {
  const environment = {
    AWS_EC2_METADATA_DISABLED: "",
    AWS_EC2_METADATA_SERVICE_ENDPOINT: giver.url,
  };
  giver.answers(status(404));
  const missing = async (): Promise<string> =>
    failureOf((await open(environment)).load("config", "", signal));
  expect(await missing()).toMatch(/^config: .*this instance has no role;/);
  await giver.stop();
  expect(await missing()).toMatch(
    /^config: .*this machine has no instance role \(127\.0\.0\.1:\d+ does not answer\);/,
  );
  giver = await FaultServer.start();
});

const ASSUMED = {
  AWS_ACCESS_KEY_ID: "BASE",
  AWS_SECRET_ACCESS_KEY: "base secret",
  AWS_SESSION_TOKEN: "base token",
  RESTIC_AWS_ASSUME_ROLE_ARN: "arn:aws:iam::1:role/backup",
  RESTIC_AWS_ASSUME_ROLE_SESSION_NAME: "me",
  RESTIC_AWS_ASSUME_ROLE_EXTERNAL_ID: "x",
  RESTIC_AWS_ASSUME_ROLE_POLICY: "{}",
  RESTIC_AWS_ASSUME_ROLE_REGION: "eu-west-3",
};

test("restic's own variables name a role", async () => {
  giver.answers(read(roles.sts("AssumeRole")));
  expect(await load({ ...ASSUMED, RESTIC_AWS_ASSUME_ROLE_STS_ENDPOINT: giver.url })).toBe(1);
  expect(form(0)).toEqual({
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: "arn:aws:iam::1:role/backup",
    RoleSessionName: "me",
    DurationSeconds: "3600",
    ExternalId: "x",
    Policy: "{}",
  });
  const { authorization, "x-amz-security-token": token } = giver.requests[0]?.headers ?? {};
  expect(authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=BASE\/\d{8}\/eu-west-3\/sts\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, /,
  );
  expect(token).toBe("base token");
});

const roleEnvironment = (): Readonly<Record<string, string>> => ({
  ...ASSUMED,
  RESTIC_AWS_ASSUME_ROLE_STS_ENDPOINT: giver.url,
});

test("the credentials of a role are cached, and replaced before they expire", async () => {
  giver.answers(roles.sts("AssumeRole"));
  const backend = await open(roleEnvironment());
  await Promise.all(Array.from({ length: 5 }, () => backend.load("config", "", signal)));
  await clock.advance(HOUR - 400_000);
  await backend.load("config", "", signal);
  expect(giver.requests).toHaveLength(1);
  await clock.advance(200_000);
  await backend.load("config", "", signal);
  await backend.load("config", "", signal);
  expect(giver.requests).toHaveLength(2);
});

test("credentials that cannot be replaced are used until they expire", async () => {
  giver.answers(roles.sts("AssumeRole"), status(503));
  const backend = await open(roleEnvironment());
  await backend.load("config", "", signal);
  await clock.advance(HOUR - 200_000);
  await backend.load("config", "", signal);
  await backend.load("config", "", signal);
  expect(giver.requests).toHaveLength(2);
  await clock.advance(200_000);
  expect(await failureOf(backend.load("config", "", signal))).toMatch(
    /^transient unreachable: .*AssumeRole of arn:/,
  );
});

test("credentials that expire during a listing lose no page", async () => {
  const names = Array.from({ length: 1500 }, (_, index) => `${index}`.padStart(64, "0"));
  s3.files = new Map(names.map((name) => [`keys/${name}`, Buffer.from("k")]));
  giver.answers(roles.sts("AssumeRole"));
  const backend = await open(roleEnvironment());
  const first = await backend.list("keys", undefined, signal);
  s3.expired.add("token-1");
  const second = await backend.list("keys", first.next, signal);
  expect([...first.names, ...second.names]).toEqual(names);
  expect(giver.requests).toHaveLength(2);
});

test("a denied role is named, without keys", async () => {
  const error =
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>BASE says no</Message></Error></ErrorResponse>";
  giver.answers(status(403, {}, error));
  const failure = await failureOf((await open(roleEnvironment())).load("config", "", signal));
  expect(failure).toBe(
    `denied: ${server.url}/bucket: AssumeRole of arn:aws:iam::1:role/backup at 127.0.0.1:${giver.port}: the role is denied (403 AccessDenied)`,
  );
  giver.answers(answer("<AssumeRoleResponse/>"));
  expect(await failureOf((await open(roleEnvironment())).load("config", "", signal))).toMatch(
    /^other: .*the response has no credentials$/,
  );
});
