import { beforeEach, expect, test } from "vitest";

import { AgentError } from "../../instrumentation/core/error.ts";
import { Secret } from "../../instrumentation/core/secret.ts";
import type { SecretHandle } from "../../instrumentation/core/secret.ts";
import { counted } from "../../instrumentation/backends/decorators/counted.ts";
import type { OpenBackend } from "../../instrumentation/backends/context.ts";
import { ResticSource } from "../../instrumentation/restic/source.ts";
import { FakeClock } from "../support/core/clock.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { recordedBackend } from "../support/backends/recorded-backend.ts";
import { SealedRepository } from "../support/repository/sealed-repository.ts";

/** A secret that a test can rotate: `current` stays the same until `refresh`. */
class Rotating implements SecretHandle {
  resolvedAt: number | undefined;
  stored: string;
  refreshes = 0;
  #known: Secret | undefined;

  constructor(stored: string) {
    this.stored = stored;
  }

  async current(): Promise<Secret> {
    return this.#known ?? this.#resolve();
  }

  async refresh(): Promise<Secret> {
    this.refreshes += 1;
    return this.#resolve();
  }

  #resolve(): Secret {
    this.resolvedAt = 0;
    this.#known = new Secret(this.stored);
    return this.#known;
  }
}

const signal = new AbortController().signal;
let sealed: SealedRepository;
let logger: ArrayLogger;
let password: Rotating;
let login: Rotating;
/** The logins with which backends were opened. */
let opened: string[];
let before: (call: string) => void;
/** The `close` of backends; undefined: they have none. */
let close: (() => Promise<void>) | undefined;

const openBackend: OpenBackend = async (_location, { environment, cost }) => {
  opened.push(environment["RESTIC_REST_PASSWORD"]?.revealText() ?? "");
  const recorded = recordedBackend(sealed.files, (call) => before(call));
  return counted({ ...recorded, ...(close && { close }) }, cost);
};

function source(): ResticSource {
  return new ResticSource({
    url: "/repo",
    repo: new Secret("/repo"),
    password,
    environment: { RESTIC_REST_PASSWORD: login },
    reverifyMs: 3_600_000,
    openBackend,
    processEnvironment: {},
    clock: new FakeClock(),
    logger,
  });
}

beforeEach(() => {
  sealed = new SealedRepository("right");
  sealed.addSnapshot({ time: "2024-05-01T12:00:00Z", hostname: "h", username: "u" });
  logger = new ArrayLogger();
  password = new Rotating("right");
  login = new Rotating("let me in");
  opened = [];
  before = () => {};
  close = undefined;
});

test("a reading has the sets and the cost", async () => {
  const { state, complete, error } = await source().collect(undefined, signal);
  expect({ complete, error }).toEqual({ complete: true, error: undefined });
  expect(state.content).toMatchObject({
    config: { id: sealed.id, version: 2 },
    snapshots: 1,
    unreadable: 0,
    sets: [{ labels: { url: "/repo", host: "h", user: "u" }, snapshots: 1 }],
  });
  expect(state.cost).toMatchObject({
    list: { requests: 2 },
    load: { requests: 3 },
    keyDerivations: 1,
  });
});

test("a failed reading keeps the last content and counts its cost", async () => {
  const repository = source();
  const first = await repository.collect(undefined, signal);
  before = () => {
    throw new AgentError("unreachable", "connection refused");
  };
  const second = await repository.collect(first.state, signal);
  expect(second.complete).toBe(false);
  expect(second.error).toMatchObject({ code: "unreachable" });
  expect(second.state.content).toBe(first.state.content);
  expect(second.state.cost.list.requests).toBe(first.state.cost.list.requests + 1);
  // The store owns the state of the first reading: it must not change.
  expect(first.state.cost.list.requests).toBe(2);
});

test("a first reading that fails has no sets", async () => {
  password.stored = "wrong";
  const { state, error } = await source().collect(undefined, signal);
  expect(error?.code).toBe("wrong_password");
  expect(state.content).toBeUndefined();
});

test("an unreadable file is the error of a complete reading, and is logged once", async () => {
  const bad = sealed.addSnapshot({ time: "2024-02-30T12:00:00Z" });
  const repository = source();
  for (let index = 0; index < 2; index++) {
    const { state, complete, error } = await repository.collect(undefined, signal);
    expect(complete).toBe(true);
    expect(error).toMatchObject({
      code: "corrupt",
      message: `1 unreadable snapshot file: ${bad.slice(0, 8)} has no valid "time"`,
    });
    expect(state.content).toMatchObject({ snapshots: 2, unreadable: 1 });
  }
  expect(logger.lines.filter(({ message }) => message.includes(bad))).toHaveLength(1);
});

test("a rotated password opens the repository in the collection that finds the old one wrong", async () => {
  await password.current();
  sealed = new SealedRepository("rotated");
  password.stored = "rotated";
  expect((await source().collect(undefined, signal)).error).toBeUndefined();
  expect(password.refreshes).toBe(1);
});

test("a secret that did not change is resolved again once, then the refusal is reported", async () => {
  password.stored = "wrong";
  const { state, error } = await source().collect(undefined, signal);
  expect(error?.code).toBe("wrong_password");
  expect(password.refreshes).toBe(1);
  expect(state.cost.keyDerivations).toBe(1);
});

test("a rotated login is used by a new connection; the snapshots are not read again", async () => {
  const repository = source();
  const first = await repository.collect(undefined, signal);
  login.stored = "changed";
  before = () => {
    if (opened.at(-1) !== "changed") throw new AgentError("denied", "access denied (401)");
  };
  const second = await repository.collect(first.state, signal);
  expect(second.error).toBeUndefined();
  expect(opened).toEqual(["let me in", "changed"]);
  expect(second.state.cost.load.requests).toBe(first.state.cost.load.requests);
});

test("a reload resolves the secrets again, before anything rejects them", async () => {
  const repository = source();
  await repository.collect(undefined, signal);
  password.stored = "wrong";
  expect((await repository.collect(undefined, signal)).error).toBeUndefined();
  repository.refreshSecrets();
  expect((await repository.collect(undefined, signal)).error?.code).toBe("wrong_password");
});

test("a backend is closed after each collection, even a failed one", async () => {
  const calls: string[] = [];
  before = (call) => void calls.push(call);
  close = async () => void calls.push("close");
  const repository = source();
  const { state } = await repository.collect(undefined, signal);
  expect(calls.at(-1)).toBe("close");
  await repository.collect(state, signal);
  expect(calls.slice(-2)).toEqual(["LIST snapshots", "close"]);
  before = (call) => {
    calls.push(call);
    throw new AgentError("unreachable", "connection refused");
  };
  await repository.collect(state, signal);
  expect(calls.slice(-2)).toEqual(["LIST snapshots", "close"]);
  expect(calls.filter((call) => call === "close")).toHaveLength(3);
});

test("a backend is closed before another one is opened with a new login", async () => {
  const calls: string[] = [];
  close = async () => void calls.push(`close ${opened.length}`);
  await login.current();
  login.stored = "rotated";
  before = () => {
    if (opened.length === 1) throw new AgentError("denied", "who are you");
  };
  expect((await source().collect(undefined, signal)).error).toBeUndefined();
  expect(calls).toEqual(["close 1", "close 2"]);
});

test("a failed close is no failure of the repository", async () => {
  close = () => Promise.reject(new Error("it will not end"));
  expect((await source().collect(undefined, signal)).error).toBeUndefined();
});

test("a file that the storage refuses is shown with its class; the rest is published", async () => {
  sealed.addSnapshot({ time: "2024-05-01T12:00:00Z", hostname: "h", username: "u" });
  let refused = 0;
  before = (call) => {
    if (call === "GET snapshots" && refused++ === 0)
      throw new AgentError("denied", "permission denied");
  };
  const { state, complete, error } = await source().collect(undefined, signal);
  expect(complete).toBe(true);
  expect(error).toMatchObject({ code: "denied" });
  expect(error?.message).toMatch(
    /^1 unreadable snapshot file: [0-9a-f]{8} is not read \(denied\): permission denied$/,
  );
  expect(state.content).toMatchObject({
    snapshots: 2,
    unreadable: 1,
    refused: 1,
    sets: [{ snapshots: 1 }],
  });
});

test("if the storage refuses the first 20 files, nothing new is published", async () => {
  const repository = source();
  const first = await repository.collect(undefined, signal);
  for (let index = 0; index < 30; index++)
    sealed.addSnapshot({ time: "2024-05-01T12:00:00Z", hostname: `h${index}` });
  before = (call) => {
    if (call === "GET snapshots") throw new AgentError("other", "the server answers 410");
  };
  const second = await repository.collect(first.state, signal);
  expect(second).toMatchObject({ complete: false, error: { code: "other" } });
  expect(second.state.content).toBe(first.state.content);
});
