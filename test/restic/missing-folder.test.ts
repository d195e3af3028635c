import { afterEach, beforeEach, expect, test } from "vitest";

import { backendOpener } from "../../instrumentation/backends/open.ts";
import { Secret } from "../../instrumentation/core/secret.ts";
import { ResticSource } from "../../instrumentation/restic/source.ts";
import type { RepositoryState } from "../../instrumentation/restic/state.ts";
import { FakeClock } from "../support/core/clock.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { FaultServer } from "../support/http/fault-server.ts";
import { restFiles } from "../support/repository/rest-files.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

const { signal } = new AbortController();

let server: FaultServer;
let sealed: SealedRepository;
let source: ResticSource;
/** Listings of snapshots/ that the server answers with 404. */
let missing: number;
let software: string;
let listings: number;

beforeEach(async () => {
  sealed = new SealedRepository("right");
  sealed.addSnapshot({ time: "2024-05-01T12:00:00Z", hostname: "web" });
  missing = 0;
  listings = 0;
  software = "nginx";
  server = await FaultServer.start();
  const files = restFiles(sealed.files, 2);
  server.answers((request, response) => {
    const isListing = request.url === "/snapshots/";
    if (isListing) listings += 1;
    if (!isListing || (missing -= 1) < 0) files(request, response);
    else response.writeHead(404, { server: software }).end();
  });
  const secret = Promise.resolve(new Secret("right"));
  source = new ResticSource({
    url: "r",
    repo: new Secret(`rest:http://127.0.0.1:${server.port}/`),
    password: { current: () => secret, refresh: () => secret, resolvedAt: 0 },
    environment: {},
    reverifyMs: 3_600_000,
    openBackend: backendOpener(),
    processEnvironment: {},
    // Waits pass at once.
    clock: Object.assign(new FakeClock(), { sleep: async () => {} }),
    logger: new ArrayLogger(),
  });
});

afterEach(() => server.stop());

/** The number of snapshots, or the class of the failure. */
async function collect(previous?: RepositoryState): Promise<unknown> {
  const { state, complete, error } = await source.collect(previous, signal);
  return complete ? state.content?.snapshots : error?.code;
}

test("a 404 to the listing of snapshots/ is tried three times", async () => {
  missing = 2;
  expect(await collect()).toBe(1);
  expect(listings).toBe(3);
});

test("after three times it is an empty repository, as for restic", async () => {
  missing = 3;
  expect(await collect()).toBe(0);
  expect(listings).toBe(3);
});

test("after three times it is an error if snapshots are known", async () => {
  const { state } = await source.collect(undefined, signal);
  listings = 0;
  missing = 3;
  expect(await collect(state)).toBe("not_found");
  expect(listings).toBe(3);
});

test("it is an error if the server is rclone", async () => {
  software = "rclone/v1.70.0";
  missing = 100;
  expect(await collect()).toBe("other");
});
