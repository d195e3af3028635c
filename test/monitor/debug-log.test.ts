import { expect, onTestFinished, test } from "vitest";

import { logRequests } from "../../instrumentation/http/request-log.ts";
import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import { parseRepository } from "../../instrumentation/settings/repository.ts";
import type { RepositorySettings } from "../../instrumentation/settings/repository.ts";
import { FakeClock } from "../support/core/clock.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { until } from "../support/core/until.ts";
import { FaultServer, reset, status } from "../support/http/fault-server.ts";
import { restFiles } from "../support/repository/rest-files.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

const clock = new FakeClock();
const logger = new ArrayLogger();
let isOn = true;
logRequests(
  clock,
  (message, fields) => logger.debug(message, fields),
  () => isOn,
);

async function startServer(): Promise<FaultServer> {
  const server = await FaultServer.start();
  onTestFinished(() => server.stop());
  return server;
}

/** @param environment all values are secrets */
function repository(
  repo: string,
  environment: Readonly<Record<string, string>> = {},
  password = "CANARY",
): RepositorySettings {
  const parsed = parseRepository({ repo, password, environment }, new Map());
  return "value" in parsed ? parsed.value : expect.fail(JSON.stringify(parsed.problems));
}

/** Collects once, and returns the debug lines as text. */
async function collect(
  settings: RepositorySettings,
  processEnvironment: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  logger.clear();
  const monitor = new Monitor(
    {
      repositories: [settings],
      cron: "@daily",
      timezone: "UTC",
      timeoutMs: 600_000,
      concurrency: 8,
      legacyLabel: false,
      retryFailed: false,
      reverifyMs: 3_600_000,
    },
    { clock, logger, processEnvironment },
  );
  let ended = false;
  const outcome = monitor.collect()?.then(() => (ended = true));
  // Retries wait by the clock.
  await until("the end of the collection", () => {
    if (!ended && logger.lines.some(({ message }) => message === "retrying"))
      void clock.advance(5000);
    return ended;
  });
  await outcome;
  return logger.lines.map(
    ({ level, message, fields }) => `${level} ${message} ${JSON.stringify(fields)}`,
  );
}

test("at level debug the log tells of requests, keys tried, files read and retries", async () => {
  const sealed = new SealedRepository("CANARY");
  const other = sealed.addKey("another password");
  for (const day of ["01", "02", "03"])
    sealed.addSnapshot({ time: `2024-05-${day}T12:00:00Z`, hostname: "h", username: "u" });
  const server = await startServer();
  server.answers(status(503), restFiles(sealed.files, 2));
  const { host } = new URL(server.url);
  const url = `rest:http://${host}/`;

  await collect(repository(`rest:http://user:CANARY@${host}/`));
  const debug = logger.lines.filter(({ level }) => level === "debug");
  const of = (message: string): readonly unknown[] =>
    debug.filter((line) => line.message === message).map(({ fields }) => fields);
  const requests = of("request");
  expect(requests[0]).toEqual({
    method: "GET",
    url: `http://${host}/config`,
    status: 503,
    seconds: expect.any(Number),
  });
  expect(requests.slice(1)).toContainEqual(
    expect.objectContaining({ url: `http://${host}/snapshots/`, status: 200 }),
  );
  expect(requests).toHaveLength(server.requests.length);
  expect(of("retrying")).toEqual([
    {
      url,
      type: "config",
      seconds: expect.any(Number),
      error_type: "unreachable",
      error: expect.stringContaining("503"),
    },
  ]);
  const keys = of("key tried");
  expect(keys).toContainEqual({
    url,
    key: expect.stringMatching(/^[0-9a-f]{8}$/),
    result: "opens",
  });
  for (const key of keys.slice(0, -1))
    expect(key).toEqual({ url, key: other.slice(0, 8), result: "wrong password" });
  expect(of("files read")).toEqual([{ url, config: 1, keys: keys.length, snapshots: 3 }]);
});

test("requests are not logged while the log is off", async () => {
  const server = await startServer();
  server.answers(reset("before headers"));
  isOn = false;
  onTestFinished(() => {
    isOn = true;
  });
  await collect(repository(`rest:${server.url}`));
  expect(logger.lines.filter(({ message }) => message.startsWith("request"))).toEqual([]);
});

test("a request that fails is logged with the code of its error", async () => {
  const server = await startServer();
  server.answers(reset("before headers"));
  await collect(repository(`rest:${server.url}`));
  expect(logger.lines).toContainEqual({
    level: "debug",
    message: "request failed",
    fields: {
      method: "GET",
      url: `${server.url}/config`,
      status: undefined,
      error: expect.stringMatching(/^(?:ECONNRESET|UND_ERR_SOCKET)$/),
      seconds: expect.any(Number),
    },
  });
});

/** Repositories whose requests carry a secret: in a header, a query, the body. */
const PLACES: readonly (readonly [string, (host: string) => RepositorySettings])[] = [
  ["rest", (host) => repository(`rest:http://CANARYuser:CANARY@${host}/`)],
  [
    "rest, by variable",
    (host) =>
      repository(`rest:http://${host}/`, {
        RESTIC_REST_USERNAME: "u",
        RESTIC_REST_PASSWORD: "CANARY",
      }),
  ],
  [
    "s3",
    (host) =>
      repository(`s3:http://${host}/bucket`, {
        AWS_ACCESS_KEY_ID: "CANARY",
        AWS_SECRET_ACCESS_KEY: "CANARY",
        AWS_SESSION_TOKEN: "CANARY",
      }),
  ],
  [
    "azure, account key",
    () =>
      repository("azure:container:/", {
        AZURE_ACCOUNT_NAME: "account",
        AZURE_ACCOUNT_KEY: Buffer.from("CANARY").toString("base64"),
      }),
  ],
  [
    "azure, SAS",
    () =>
      repository("azure:container:/", {
        AZURE_ACCOUNT_NAME: "account",
        AZURE_ACCOUNT_SAS: "sv=1&sig=CANARY",
      }),
  ],
  ["b2", () => repository("b2:bucket:path", { B2_ACCOUNT_ID: "CANARY", B2_ACCOUNT_KEY: "CANARY" })],
  [
    "swift",
    (host) =>
      repository("swift:container:/", {
        OS_AUTH_URL: `http://${host}/v3`,
        OS_USERNAME: "CANARY",
        OS_PASSWORD: "CANARY",
        OS_USER_DOMAIN_NAME: "d",
        OS_PROJECT_NAME: "p",
        OS_PROJECT_DOMAIN_NAME: "d",
      }),
  ],
];

test.for(
  PLACES.flatMap(
    ([name, place]) =>
      [
        [name, 403, place],
        [name, 503, place],
      ] as const,
  ),
)(
  "no secret is in the log at level debug: %s, a server that answers %i",
  async ([, code, place]) => {
    const server = await startServer();
    server.answers(status(code, { location: "/?sig=CANARY" }));
    // Requests to the clouds end at the proxy.
    const lines = await collect(place(new URL(server.url).host), { HTTPS_PROXY: server.url });
    expect(lines.some((line) => line.startsWith("debug request"))).toBe(true);
    expect(lines.join("\n")).not.toMatch(
      new RegExp(`CANARY|${Buffer.from("CANARY").toString("base64")}`),
    );
  },
);
