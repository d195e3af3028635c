import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { requireIdentity } from "../../support/agent/peers.ts";
import { FakeRoles } from "../../support/backends/fake-roles.ts";
import { FakeS3 } from "../../support/backends/fake-s3.ts";
import { openS3At } from "../../support/backends/s3-backend.ts";
import { failureOf } from "../../support/core/failure.ts";
import { answer, FaultServer, status } from "../../support/http/fault-server.ts";
import { TlsCloud } from "../../support/http/tls-cloud.ts";

const { signal } = new AbortController();

let cloud: TlsCloud;

beforeEach(async () => {
  cloud = await TlsCloud.start();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await cloud.stop();
});

const installed = requireIdentity("@aws-sdk/credential-providers");

describe.runIf(installed !== undefined)("@aws-sdk/credential-providers", () => {
  let store: FaultServer;
  let s3: FakeS3;

  beforeEach(async () => {
    await mkdir(join(cloud.home, ".aws/sso/cache"), { recursive: true });
    store = await FaultServer.start();
    s3 = new FakeS3(() => cloud.clock.now());
    s3.files = new Map([["config", Buffer.from("c")]]);
    store.answers(s3.serve);
    // The SDK looks for tokens of single sign-on in the home folder of the process.
    vi.stubEnv("HOME", cloud.home);
  });

  afterEach(() => store.stop());

  const config = (content: string): Promise<void> =>
    writeFile(join(cloud.home, ".aws/config"), content);

  async function loadConfig(): Promise<string> {
    const backend = await openS3At(`s3:${store.url}/bucket`, {
      environment: {
        AWS_EC2_METADATA_DISABLED: "true",
        AWS_PROFILE: "work",
        HOME: cloud.home,
        HTTPS_PROXY: `http://${cloud.proxy.where}`,
      },
      insecureTls: true,
      clock: cloud.clock,
      loadProviders: () => import(installed ?? ""),
    });
    return Buffer.from(await backend.load("config", "", signal)).toString();
  }

  test("takes the role of a profile, through the proxy of the repository", async () => {
    await config(
      "[profile work]\nrole_arn = arn:aws:iam::1:role/reader\nsource_profile = base\nregion = eu-west-1\n",
    );
    await writeFile(
      join(cloud.home, ".aws/credentials"),
      "[base]\naws_access_key_id = BASE\naws_secret_access_key = base secret\n",
    );
    cloud.server.answers(new FakeRoles(s3, cloud.clock).sts("AssumeRole"));
    expect(await loadConfig()).toBe("c");
    expect(cloud.proxy.asked).toEqual(["CONNECT sts.eu-west-1.amazonaws.com:443"]);
    expect(cloud.server.requests[0]?.headers.authorization).toMatch(
      /Credential=BASE\/\d+\/eu-west-1\/sts\//,
    );
  });

  test("runs the credential_process of a profile", async () => {
    s3.accounts.set("SDKKEY", { secret: "sdk secret", token: "sdk token" });
    const script = join(cloud.home, "keys.mjs");
    const output = {
      Version: 1,
      AccessKeyId: "SDKKEY",
      SecretAccessKey: "sdk secret",
      SessionToken: "sdk token",
    };
    await writeFile(script, `console.log(JSON.stringify(${JSON.stringify(output)}))`);
    await config(`[profile work]\ncredential_process = ${process.execPath} ${script}\n`);
    expect(await loadConfig()).toBe("c");
    expect(cloud.proxy.asked).toEqual([]);
  });

  const SSO = "sso_account_id = 123456789012\nsso_role_name = reader\n";
  const token = (key: string): Promise<void> => {
    const name = createHash("sha1").update(key).digest("hex");
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const content = JSON.stringify({ accessToken: "sso token", expiresAt });
    return writeFile(join(cloud.home, `.aws/sso/cache/${name}.json`), content);
  };

  test.for([
    [
      "sso_session",
      `[profile work]\nsso_session = corporate\n${SSO}[sso-session corporate]\nsso_region = eu-west-1\nsso_start_url = https://corporate.example/start\n`,
      "corporate",
    ],
    [
      "sso_start_url",
      `[profile work]\nsso_start_url = https://corporate.example/start\nsso_region = eu-west-1\n${SSO}`,
      "https://corporate.example/start",
    ],
  ] as const)("exchanges the token of %s, through the proxy", async ([, content, cacheKey]) => {
    await config(content);
    await token(cacheKey);
    s3.accounts.set("SDKKEY", { secret: "sdk secret", token: "sdk token" });
    const roleCredentials = {
      accessKeyId: "SDKKEY",
      secretAccessKey: "sdk secret",
      sessionToken: "sdk token",
      expiration: Date.now() + 3_600_000,
    };
    cloud.server.answers(answer(JSON.stringify({ roleCredentials }), "application/json"));
    expect(await loadConfig()).toBe("c");
    expect(cloud.proxy.asked).toEqual(["CONNECT portal.sso.eu-west-1.amazonaws.com:443"]);
    const [{ url, headers } = expect.fail()] = cloud.server.requests;
    expect(url).toMatch(/^\/federation\/credentials\?/);
    expect(url).toContain("account_id=123456789012");
    expect(headers["x-amz-sso_bearer_token"]).toBe("sso token");
  });

  const WORK = "the profile work with sso_start_url";

  test.for([
    [
      "without a login",
      false,
      200,
      `denied: BUCKET: ${WORK} provides no credentials (CredentialsProviderError); test it with: aws sts get-caller-identity --profile work`,
    ],
    [
      "that is rejected",
      true,
      403,
      `denied: BUCKET: ${WORK} provides no credentials (CredentialsProviderError); test it with: aws sts get-caller-identity --profile work`,
    ],
    [
      "with an overloaded endpoint",
      true,
      503,
      `transient unreachable: BUCKET: ${WORK}: AWS answers 503`,
    ],
  ] as const)("says what is wrong with single sign-on %s", async ([, hasToken, code, message]) => {
    await config(
      `[profile work]\nsso_start_url = https://corporate.example/start\nsso_region = eu-west-1\n${SSO}`,
    );
    if (hasToken) await token("https://corporate.example/start");
    cloud.server.answers(status(code, { "content-type": "application/json" }, "{}"));
    const failed = await failureOf(loadConfig());
    expect(failed.replace(`${store.url}/bucket/`, "BUCKET")).toBe(message);
  });
});
