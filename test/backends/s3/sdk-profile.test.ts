import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import type { LoadProviders } from "../../../instrumentation/backends/s3/sdk-profile.ts";
import { FakeS3 } from "../../support/backends/fake-s3.ts";
import { openS3At } from "../../support/backends/s3-backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { answer, FaultServer, status } from "../../support/http/fault-server.ts";

const SECRET = "secret of the SDK";

let home: string;
let server: FaultServer;
/** An endpoint of AWS. */
let aws: FaultServer;
let clock: FakeClock;
/** The calls of the SDK's functions. */
let called: unknown[];
/** A function of the SDK that calls its handler for HTTP. */
let provide: (handler: Handler) => Promise<Awaited<ReturnType<Provider>>>;

type Provider = ReturnType<Awaited<ReturnType<LoadProviders>>["fromIni"]>;

interface Handler {
  handle(request: object): Promise<{ response: { statusCode: number; body: Uint8Array } }>;
}

interface SdkOptions {
  readonly profile: string;
  readonly clientConfig: { readonly requestHandler: Handler };
  readonly parentClientConfig: { readonly requestHandler: Handler; readonly region?: string };
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "home-"));
  await mkdir(join(home, ".aws"));
  server = await FaultServer.start();
  aws = await FaultServer.start();
  clock = new FakeClock();
  const s3 = new FakeS3(() => clock.now());
  s3.accounts.set("SDKKEY", { secret: SECRET, token: "sdk token" });
  s3.files = new Map([["config", Buffer.from("c")]]);
  server.answers(s3.serve);
  called = [];
  provide = async () => CREDENTIALS;
});

afterEach(async () => {
  await server.stop();
  await aws.stop();
  await rm(home, { recursive: true });
});

const CREDENTIALS = {
  accessKeyId: "SDKKEY",
  secretAccessKey: SECRET,
  sessionToken: "sdk token",
};

/** A package of the shape of @aws-sdk/credential-providers. */
const loadProviders: LoadProviders = async () => {
  const provider =
    (name: string) =>
    ({ clientConfig, parentClientConfig, ...rest }: SdkOptions): Provider => {
      called.push([name, { ...rest, region: parentClientConfig.region }]);
      expect(parentClientConfig.requestHandler).toBe(clientConfig.requestHandler);
      return () => provide(clientConfig.requestHandler);
    };
  return { fromIni: provider("fromIni"), fromSSO: provider("fromSSO") };
};

function open(
  environment: Readonly<Record<string, string>> = {},
  load: LoadProviders = loadProviders,
): Promise<Backend> {
  return openS3At(`s3:${server.url}/bucket`, {
    environment: { AWS_EC2_METADATA_DISABLED: "true", HOME: home, ...environment },
    clock,
    loadProviders: load,
  });
}

const { signal } = new AbortController();
const loadConfig = async (backend: Promise<Backend>): Promise<number> =>
  (await (await backend).load("config", "", signal)).length;

const config = (content: string): Promise<void> => writeFile(join(home, ".aws/config"), content);

async function failure(backend: Promise<Backend>): Promise<string> {
  const failed = await failureOf(loadConfig(backend));
  expect(failed).not.toContain(SECRET);
  return failed.replace(`${server.url}/bucket/`, "BUCKET");
}

test.for([
  [
    "[default]\nrole_arn = arn:aws:iam::1:role/reader\nsource_profile = other\n",
    "default",
    "fromIni",
  ],
  ["[profile work]\ncredential_process = /bin/keys\n", "work", "fromIni"],
  ["[profile work]\nsso_session = corporate\n", "work", "fromSSO"],
  ["[profile work]\nsso_start_url = https://corporate.example/start\n", "work", "fromSSO"],
  ["[profile work]\nlogin_session = arn:aws:iam::1:user/a\n", "work", "fromIni"],
] as const)("%j: the profile %s is read by %s of the SDK", async ([content, profile, name]) => {
  await config(content);
  const environment = profile === "default" ? {} : { AWS_PROFILE: profile };
  expect(await loadConfig(open({ ...environment, AWS_DEFAULT_REGION: "us-east-1" }))).toBe(1);
  const files = {
    filepath: join(home, ".aws/credentials"),
    configFilepath: join(home, ".aws/config"),
  };
  expect(called).toEqual([[name, { ...files, profile, ignoreCache: true, region: "us-east-1" }]]);
});

test("the files of AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE are used", async () => {
  const filepath = join(home, "keys");
  const configFilepath = join(home, "settings");
  await writeFile(filepath, "[default]\ncredential_process = /bin/keys\n");
  const files = { AWS_SHARED_CREDENTIALS_FILE: filepath, AWS_CONFIG_FILE: configFilepath };
  expect(await loadConfig(open(files))).toBe(1);
  expect(called).toMatchObject([["fromIni", { filepath, configFilepath }]]);
});

describe("the SDK is not loaded", () => {
  const unused: LoadProviders = () => expect.fail("loaded");

  test("for keys in variables", async () => {
    await config("[default]\nsso_session = corporate\n");
    const keys = { AWS_ACCESS_KEY_ID: "SDKKEY", AWS_SECRET_ACCESS_KEY: SECRET };
    expect(await loadConfig(open({ ...keys, AWS_SESSION_TOKEN: "sdk token" }, unused))).toBe(1);
  });

  test("for a profile with nothing for it", async () => {
    await config("[default]\nregion = eu-west-1\n[profile other]\nsso_session = corporate\n");
    expect(await failure(open({}, unused))).toMatch(/^config: BUCKET: no credentials found: /);
  });
});

test("a missing package is named, with the command that installs it", async () => {
  await config("[default]\nsso_session = corporate\n");
  const missing: LoadProviders = () => Promise.reject(new Error("not found"));
  expect(await failure(open({}, missing))).toBe(
    "config: BUCKET: the profile default with sso_session needs the package @aws-sdk/credential-providers: npm install @aws-sdk/credential-providers",
  );
});

describe("a request of the SDK", () => {
  const request = (port: number): object => ({
    method: "POST",
    protocol: "http:",
    hostname: "127.0.0.1",
    port,
    path: "/role/a%20b",
    query: { role: "reader", none: null, many: ["a b", "c"] },
    headers: { "x-amz-sso_bearer_token": "token" },
    body: "Action=AssumeRole",
  });

  test("is sent by the HTTP client of the repository", async () => {
    await config("[default]\nsso_session = corporate\n");
    const bodies: string[] = [];
    aws.answers((received, response) => {
      void text(received).then((body) => {
        bodies.push(body);
        answer("found")(received, response);
      });
    });
    provide = async (handler) => {
      const { response } = await handler.handle(request(aws.port));
      expect(response.statusCode).toBe(200);
      expect(Buffer.from(response.body).toString()).toBe("found");
      return CREDENTIALS;
    };
    expect(await loadConfig(open())).toBe(1);
    const [{ method, url, headers } = expect.fail()] = aws.requests;
    expect([method, url]).toEqual(["POST", "/role/a%20b?role=reader&none=&many=a+b&many=c"]);
    expect(headers["x-amz-sso_bearer_token"]).toBe("token");
    expect(bodies).toEqual(["Action=AssumeRole"]);
  });

  test.for([
    [
      "an endpoint that is overloaded",
      503,
      "transient unreachable: BUCKET: the profile default with sso_session: AWS answers 503",
    ],
    [
      "an endpoint that does not listen",
      0,
      /^transient unreachable: .*: 127\.0\.0\.1:\d+ refuses the connection$/,
    ],
    [
      "another error",
      400,
      "denied: BUCKET: the profile default with sso_session provides no credentials (CredentialsProviderError); test it with: aws sts get-caller-identity --profile default",
    ],
  ] as const)("to %s: the error says so", async ([, code, message]) => {
    await config("[default]\nsso_session = corporate\n");
    const { port } = aws;
    aws.answers(status(code));
    if (code === 0) await aws.stop();
    provide = async (handler) => {
      await handler.handle(request(port)).catch(() => {});
      throw Object.assign(new Error(`quotes ${SECRET}`), { name: "CredentialsProviderError" });
    };
    const failed = await failure(open());
    if (typeof message === "string") expect(failed).toBe(message);
    else expect(failed).toMatch(message);
    if (code === 0) aws = await FaultServer.start();
  });
});

test("credentials are kept until they expire", async () => {
  await config("[default]\nsso_session = corporate\n");
  provide = async () => ({ ...CREDENTIALS, expiration: new Date(clock.now() + 3_600_000) });
  const backend = open();
  await loadConfig(backend);
  await loadConfig(backend);
  expect(called).toHaveLength(1);
  await clock.advance(3_500_000);
  await loadConfig(backend);
  expect(called).toHaveLength(2);
});

test("an aborted signal ends the wait for the SDK", async () => {
  await config("[default]\ncredential_process = /bin/sleep\n");
  const abort = new AbortController();
  const reason = new Error("the time is over");
  provide = () => {
    abort.abort(reason);
    return new Promise(() => {});
  };
  await expect((await open()).load("config", "", abort.signal)).rejects.toBe(reason);
});
