import { createHook } from "node:async_hooks";
import { mkdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { MAX_SIZE_BYTES } from "../../../instrumentation/backends/backend.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { openLocal } from "../../../instrumentation/backends/local/local.ts";
import { FakeClock, settle } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";

const { signal } = new AbortController();

let clock: FakeClock;
let path: string;
let backend: Backend;

describe("a thousand snapshots", () => {
  const idOf = (index: number): string => index.toString(16).padStart(64, "0");
  const ids = Array.from({ length: 1000 }, (_, index) => idOf(index));
  const files = new Map(ids.map((id) => [`snapshots/${id}`, Buffer.from(`content of ${id}`)]));

  beforeEach(async () => {
    clock = new FakeClock();
    path = await repositoryFolder(files);
    backend = openLocal({ scheme: "local", path }, { clock, maxSizeBytes: MAX_SIZE_BYTES });
    onTestFinished(async () => {
      await rm(path, { recursive: true });
    });
  });

  /** In parallel, up to the backend's limit. */
  async function loadAll(wanted = signal): Promise<readonly unknown[]> {
    const outcomes: unknown[] = [];
    const queue = ids.entries();
    async function worker(): Promise<void> {
      for (const [index, id] of queue)
        outcomes[index] = await backend.load("snapshots", id, wanted).then(
          (bytes) => Buffer.from(bytes).toString(),
          (error: unknown) => String(error),
        );
    }
    await Promise.all(Array.from({ length: backend.connections }, worker));
    return outcomes;
  }

  test("are read in the worker thread, not in the thread pool", async () => {
    let requests = 0;
    const hook = createHook({
      init(_id, type) {
        if (type.startsWith("FSREQ")) requests += 1;
      },
    });
    hook.enable();
    const outcomes = await loadAll();
    hook.disable();
    expect(outcomes).toEqual([...files.values()].map(String));
    expect(requests).toBeLessThan(1000);
  });

  test("fail each with its own reason", async () => {
    const [gone, folder, large, empty] = [300, 301, 302, 303].map((index) =>
      join(path, "snapshots", idOf(index)),
    );
    for (const file of [gone, folder, large, empty]) await rm(String(file));
    await mkdir(String(folder));
    await writeFile(String(large), "");
    await truncate(String(large), 2 ** 30);
    await writeFile(String(empty), "");
    const outcomes = await loadAll();
    expect(outcomes.slice(299, 305)).toEqual([
      `content of ${idOf(299)}`,
      `AgentError: reading ${String(gone)}: no such file or directory`,
      `AgentError: ${String(folder)} is not a regular file`,
      `AgentError: ${String(large)} has 1073741824 bytes, more than the allowed 8388608`,
      "",
      `content of ${idOf(304)}`,
    ]);
  });

  test("of several MiB are all read, although one message of the thread cannot hold them", async () => {
    const long = Buffer.alloc(700_000, "x");
    for (const id of ids.slice(400, 405)) await writeFile(join(path, "snapshots", id), long);
    const outcomes = await loadAll();
    expect(outcomes.slice(400, 406).map((one) => String(one).length)).toEqual([
      ...Array.from({ length: 5 }, () => 700_000),
      75,
    ]);
  });

  test("of an aborted collection reject with the reason", async () => {
    const ended = new AbortController();
    const all = loadAll(ended.signal);
    await settle();
    ended.abort(new Error("enough"));
    expect((await all).at(-1)).toBe("Error: enough");
  });

  test("on a hanging mount time out together", async () => {
    for (const id of ids.slice(0, 200)) await backend.load("snapshots", id, signal);
    const failures = Promise.all(
      ids.slice(200, 203).map((id) => failureOf(backend.load("snapshots", id, signal))),
    );
    await clock.advance(30_000);
    const what = `reading ${path}/snapshots/${idOf(200)} and 2 more`;
    expect(new Set(await failures)).toEqual(new Set([`timeout: ${what} takes longer than 30 s`]));
    expect(await failureOf(backend.list("keys", undefined, signal))).toBe(
      `timeout: ${what} hangs; not reading anything else until it returns`,
    );
  });

  test("are read in the thread pool if the worker thread ends", async () => {
    for (const id of ids.slice(0, 200)) await backend.load("snapshots", id, signal);
    const loaded = backend.load("snapshots", idOf(200), signal);
    await settle();
    await backend.close?.();
    expect(Buffer.from(await loaded).toString()).toBe(`content of ${idOf(200)}`);
  });
});
