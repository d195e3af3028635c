import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { requireIdentity } from "../../support/agent/peers.ts";
import { openStoreAt } from "../../support/backends/object-store-backend.ts";
import { failureOf } from "../../support/core/failure.ts";
import { answer, FaultServer, status } from "../../support/http/fault-server.ts";
import type { Fault } from "../../support/http/fault-server.ts";
import { LoopbackProxy } from "../../support/http/loopback-proxy.ts";
import { TlsCloud } from "../../support/http/tls-cloud.ts";

const { signal } = new AbortController();
const json = (value: unknown): Fault => answer(JSON.stringify(value), "application/json");

let cloud: TlsCloud;

beforeEach(async () => {
  cloud = await TlsCloud.start();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await cloud.stop();
});

const installed = requireIdentity("google-auth-library");

describe.runIf(installed !== undefined)("google-auth-library", () => {
  /** The token service, and the service that impersonates accounts. */
  let tokens: FaultServer;
  let file: string;
  let bodies: string[];

  beforeEach(async () => {
    file = join(cloud.home, "credentials.json");
    await writeFile(join(cloud.home, "subject"), "a subject token");
    cloud.server.answers(json({ kind: "storage#objects" }));
    tokens = await FaultServer.start();
    bodies = [];
    tokens.answers((request, response) => {
      void text(request).then((body) => {
        bodies.push(body);
        const isImpersonation = request.url?.includes("generateAccessToken") === true;
        const expireTime = new Date(Date.now() + 3_600_000).toISOString();
        json(
          isImpersonation
            ? { accessToken: "impersonated", expireTime }
            : { access_token: "federated", expires_in: 3600, token_type: "Bearer" },
        )(request, response);
      });
    });
  });

  afterEach(() => tokens.stop());

  const federation = (base = tokens.url): object => ({
    type: "external_account",
    audience:
      "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: `${base}/v1/token`,
    credential_source: { file: join(cloud.home, "subject") },
  });

  const IMPERSONATION =
    "/v1/projects/-/serviceAccounts/reader@project.iam.gserviceaccount.com:generateAccessToken";

  const open = async (content: object): Promise<Backend> => {
    await writeFile(file, JSON.stringify(content));
    return openStoreAt("gs:bucket:/repo", {
      environment: {
        HTTPS_PROXY: `http://${cloud.proxy.where}`,
        GOOGLE_APPLICATION_CREDENTIALS: file,
      },
      insecureTls: true,
      clock: cloud.clock,
      loadGoogleAuth: () => import(installed ?? ""),
    });
  };

  const bearer = async (content: object): Promise<string | undefined> => {
    await (await open(content)).list("keys", undefined, signal);
    return cloud.server.requests[0]?.headers.authorization;
  };

  test("exchanges the token of a workload for the read-only scope", async () => {
    expect(await bearer(federation())).toBe("Bearer federated");
    const form = new URLSearchParams(bodies[0]);
    expect(form.get("subject_token")).toBe("a subject token");
    expect(form.get("scope")).toBe("https://www.googleapis.com/auth/devstorage.read_only");
  });

  test("impersonates an account, for a workload or for another account", async () => {
    const impersonated = {
      ...federation(),
      service_account_impersonation_url: tokens.url + IMPERSONATION,
    };
    expect(await bearer(impersonated)).toBe("Bearer impersonated");
    cloud.server.requests.length = 0;
    const account = {
      type: "impersonated_service_account",
      endpoint: tokens.url,
      service_account_impersonation_url: tokens.url + IMPERSONATION,
      source_credentials: federation(),
    };
    expect(await bearer(account)).toBe("Bearer impersonated");
  });

  test("uses the proxy of the process", async () => {
    const own = await LoopbackProxy.start(() => tokens.port);
    vi.stubEnv("HTTPS_PROXY", `http://${own.where}`);
    expect(await bearer(federation("http://sts.google.example"))).toBe("Bearer federated");
    expect(own.asked).toEqual(["CONNECT sts.google.example:80"]);
    await own.stop();
  });

  test.for([
    [
      400,
      { error: "invalid_grant", error_description: "quotes a secret" },
      /^denied: .*: no token \(400\); test it with: gcloud/,
    ],
    [503, {}, /^transient unreachable: .*: no token \(503\)$/],
  ] as const)("reports a token service that answers %i", async ([code, body, message]) => {
    tokens.answers(status(code, { "content-type": "application/json" }, JSON.stringify(body)));
    const backend = await open(federation());
    expect(await failureOf(backend.list("keys", undefined, signal))).toMatch(message);
  });
});
