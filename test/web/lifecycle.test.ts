import { expect, onTestFinished, test } from "vitest";

import { lifecycleRoutes, outcomeOf } from "../../src/web/lifecycle.ts";
import type { CollectionOutcome, Lifecycle } from "../../src/web/lifecycle.ts";
import { startServer } from "../../src/web/server.ts";
import { FakeClock } from "../support/core/clock.ts";
import { call } from "../support/core/http.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { statusFor } from "../support/web/status.ts";
import { until } from "../support/core/until.ts";

const ACTIONS = ["/-/reload", "/-/collect", "/reload"] as const;

function fakeLifecycle() {
  const actions: string[] = [];
  const ended = Promise.withResolvers<CollectionOutcome>();
  const state: { problems: string | undefined; runs: boolean; stops: boolean } = {
    problems: undefined,
    runs: false,
    stops: false,
  };
  const lifecycle: Lifecycle = {
    reload: async () => {
      actions.push("reload");
      return state.problems;
    },
    collect: () => {
      actions.push("collect");
      if (state.runs) return undefined;
      state.runs = true;
      return ended.promise;
    },
    stopping: () => state.stops,
    config: () => ({ cron: "@daily" }),
  };
  return { lifecycle, actions, state, end: ended.resolve };
}

async function serve(lifecycle: Lifecycle | undefined) {
  const server = await startServer({
    bind: { host: "127.0.0.1", port: 0 },
    routes: lifecycleRoutes(lifecycle),
    clock: new FakeClock(),
    logger: new ArrayLogger(),
  });
  onTestFinished(() => server.stop(0));
  return async (method: string, path: string, headers: Readonly<Record<string, string>> = {}) => {
    const { status, body } = await call(server.address, path, { method, headers });
    return [status, body.toString()];
  };
}

test("every lifecycle request is rejected unless the lifecycle is enabled", async () => {
  const ask = await serve(undefined);
  const rejection = [403, "not enabled: start the agent with --web.enable-lifecycle\n"];
  for (const path of ACTIONS) expect(await ask("POST", path)).toEqual(rejection);
  expect(await ask("GET", "/-/config")).toEqual(rejection);
});

test("other methods than POST and cross-site requests are rejected without an action", async () => {
  const { lifecycle, actions } = fakeLifecycle();
  const ask = await serve(lifecycle);
  for (const path of ACTIONS) {
    for (const method of ["GET", "HEAD", "PUT", "DELETE"])
      expect((await ask(method, path))[0]).toBe(405);
    for (const site of ["cross-site", "same-site"])
      expect((await ask("POST", path, { "sec-fetch-site": site }))[0]).toBe(403);
  }
  expect(actions).toEqual([]);
  expect((await ask("POST", "/-/reload", { "sec-fetch-site": "same-origin" }))[0]).toBe(200);
});

test("a reload responds with the problems of the settings", async () => {
  const { lifecycle, state } = fakeLifecycle();
  const ask = await serve(lifecycle);
  expect(await ask("POST", "/-/reload?x=1")).toEqual([
    200,
    "settings reloaded; they take effect with the next collection\n",
  ]);
  state.problems = "a.yaml:1:1: x: unknown key\na.yaml:2:1: y: unknown key";
  expect(await ask("POST", "/-/reload")).toEqual([
    500,
    `settings rejected, the previous ones stay in effect:\n${state.problems}\n`,
  ]);
});

test.for(["/-/collect", "/reload"])("POST %s starts a collection, one at a time", async (path) => {
  const { lifecycle } = fakeLifecycle();
  const ask = await serve(lifecycle);
  expect(await ask("POST", `${path}?wat`)).toEqual([202, "collection started\n"]);
  for (const query of ["", "?wait"])
    expect(await ask("POST", path + query)).toEqual([409, "a collection is already running\n"]);
});

test.for(["/-/collect?wait", "/reload?x=1&wait=yes"])(
  "POST %s responds with the outcome of the collection",
  async (path) => {
    const { lifecycle, end } = fakeLifecycle();
    const ask = await serve(lifecycle);
    const reply = ask("POST", path);
    const { repositories } = statusFor([
      { url: "/srv/a", error: ["denied", "no"] },
      { url: "/srv/b" },
    ]);
    end(outcomeOf({ finishedAt: 1_767_225_600_000, total: 2, failed: 1 }, repositories));
    const [code, body] = await reply;
    expect([code, JSON.parse(String(body))]).toEqual([
      200,
      {
        finishedAt: "2026-01-01T00:00:00.000Z",
        total: 2,
        failed: 1,
        errors: [{ url: "/srv/a", type: "denied", message: "no" }],
      },
    ]);
  },
);

test("a stop of the agent aborts a collection, which has no outcome", async () => {
  const { lifecycle, state, actions, end } = fakeLifecycle();
  const ask = await serve(lifecycle);
  const reply = ask("POST", "/-/collect?wait");
  await until("a collection", () => actions.includes("collect"));
  state.stops = true;
  end({ finishedAt: "", total: 2, failed: 2, errors: [] });
  expect(await reply).toEqual([503, "the agent is stopping, the collection was aborted\n"]);
  expect(await ask("POST", "/-/collect")).toEqual([
    503,
    "the agent is stopping, no collection was started\n",
  ]);
});

test("GET /-/config responds with JSON", async () => {
  const ask = await serve(fakeLifecycle().lifecycle);
  expect(await ask("GET", "/-/config?x")).toEqual([200, '{\n  "cron": "@daily"\n}\n']);
  expect((await ask("POST", "/-/config"))[0]).toBe(405);
});
