import { readFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { expect, onTestFinished, test } from "vitest";

import { routes } from "../../src/web/routes.ts";
import { startAgent } from "../support/agent/agent.ts";
import { ROOT } from "../support/agent/packed.ts";
import { until } from "../support/core/until.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { statusFor } from "../support/web/status.ts";
import { webConfigFolder } from "../support/web/web-config-folder.ts";
import { CERTIFICATES, WEB_CONFIGS } from "../support/web/web-configs.ts";

const EXAMPLES = join(ROOT, "examples/repositories");
/** A valid repository, one with a damaged snapshot, and one with a wrong password. */
const REPOSITORIES = ["web", "nas", "laptop"].map((name) => ({
  repo: join(EXAMPLES, name),
  password: name === "laptop" ? "wrong" : `${name}-password`,
}));
const CA = readFileSync(join(CERTIFICATES, "ca.pem"), "utf8");

/** All routes of the agent with their methods. */
function served(): readonly string[] {
  const names = routes({
    version: "",
    prometheus: true,
    telemetryPath: "/metrics",
    render: () => Promise.reject(new Error("not asked")),
    notReady: () => undefined,
    status: () => statusFor([]),
    logger: new ArrayLogger(),
  }).keys();
  return [...names].map((name) => (name.startsWith("/") ? `GET ${name}` : name));
}

const WITH_QUERIES = [
  "GET /?q=web&sort=host&page=2",
  `GET /?url=${encodeURIComponent(join(EXAMPLES, "web"))}&host=web-1&user=root`,
  "GET /?sort=nonsense&page=-1&host=%ff",
  "GET /api/status?q=web",
  "POST /-/collect?wait",
];
const UNKNOWN = ["GET /nothing", "GET /favicon.ico", "GET //", "GET /%2e%2e/", "GET /-/", "PUT /"];

async function ask(base: string, line: string): Promise<readonly [string, number, boolean]> {
  const [method = "", path = ""] = line.split(" ");
  const { protocol, hostname, port } = new URL(base);
  const secure = { ca: CA, servername: "localhost", ALPNProtocols: ["http/1.1"] };
  const options = { method, path, hostname, port, headers: { "accept-encoding": "gzip" } };
  const { promise, resolve, reject } = Promise.withResolvers<readonly [string, number, boolean]>();
  const asked =
    protocol === "https:" ? requestHttps({ ...options, ...secure }) : requestHttp(options);
  asked.on("response", (response) => {
    text(response).then((body) => resolve([line, response.statusCode ?? 0, body !== ""]), reject);
  });
  asked.on("error", reject).end();
  return promise;
}

test.for(["http", "https"])(
  "every path of the agent answers over %s, none with 5xx",
  async (scheme) => {
    const folder = await webConfigFolder(
      scheme === "https" ? (WEB_CONFIGS["certificate and key"] ?? "") : "",
    );
    onTestFinished(() => folder.remove());
    const settings = {
      repositories: REPOSITORIES,
      enableLifecycle: true,
      webConfigFile: folder.file,
    };
    const agent = await startAgent(settings);
    onTestFinished(() => agent.stop());
    const base = agent.url.replace("http:", `${scheme}:`);
    await until("readiness", async () => (await ask(base, "GET /-/ready"))[1] === 200);
    const lines = [...served(), ...WITH_QUERIES];
    expect(lines).toContain("GET /metrics");
    for (const line of lines) {
      // 409: the collection of the previous request is still running.
      const allowed = line.startsWith("POST") ? [200, 202, 409] : [200];
      expect(await ask(base, line)).toEqual([line, expect.toBeOneOf(allowed), true]);
    }
    for (const line of lines.filter((one) => one.startsWith("GET"))) {
      const head = line.replace("GET", "HEAD");
      expect(await ask(base, head)).toEqual([head, 200, false]);
    }
    for (const line of UNKNOWN) {
      const [, status] = await ask(base, line);
      expect([line, status]).toEqual([line, expect.toBeOneOf([400, 404, 405])]);
    }
  },
);
