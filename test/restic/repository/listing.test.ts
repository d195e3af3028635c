import { expect, test } from "vitest";

import { Secret } from "../../../instrumentation/core/secret.ts";
import type { Backend, FileType, ListedFiles } from "../../../instrumentation/backends/backend.ts";
import { listFiles, listIds } from "../../../instrumentation/restic/repository/listing.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { recordedBackend } from "../../support/backends/recorded-backend.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";

test("each file is read once and in order, whatever order and duplicates a listing has", async () => {
  const sealed = new SealedRepository("p");
  const backend = recordedBackend(sealed.files, () => {});
  const read: string[] = [];
  const repository = new Repository({
    clock: new FakeClock(),
    reverifyMs: 1,
    onDerivation: () => {},
  });
  const access = {
    backend: {
      ...backend,
      connections: 1,
      async list(type: FileType, from: string | undefined, signal: AbortSignal) {
        const page = await backend.list(type, from, signal);
        const names = [...page.names].toSorted().toReversed();
        return { ...page, names: [...names, ...names] };
      },
      load(type: FileType, name: string, signal: AbortSignal) {
        if (type === "snapshots") read.push(name);
        return backend.load(type, name, signal);
      },
    },
    password: new Secret("p"),
    keyHint: undefined,
    publishedId: undefined,
  };
  const { signal: never } = new AbortController();
  // The first read loads files during the key derivation, in another order.
  await repository.read(access, never);
  for (let hour = 10; hour < 20; hour++)
    sealed.addSnapshot({ time: `2026-01-01T${hour}:00:00Z`, hostname: "h", username: "u" });
  const catalogue = await repository.read(access, never);
  expect(catalogue.snapshots.size).toBe(10);
  expect(read).toHaveLength(10);
  expect(read).toEqual(read.toSorted());
});

test("a listing in pages has the ids of all pages", async () => {
  const ids = ["a", "b", "c"].map((digit) => digit.repeat(64));
  const backend = recordedBackend(new Map(), () => {});
  const paged = (pages: readonly (readonly string[])[]): Backend => ({
    ...backend,
    list: async (_type, from) => {
      const index = Number(from ?? 0);
      const next = index + 1 < pages.length ? String(index + 1) : undefined;
      return { names: pages[index] ?? [], next, receivedBytes: 0 };
    },
  });
  const { signal } = new AbortController();
  for (const pages of [[ids], [ids.slice(0, 1), ids.slice(1)], [[], ids], [ids, []]]) {
    const listed = await listIds(paged(pages), "snapshots", signal);
    expect([...listed]).toEqual(ids);
  }
});

test.for([1, 2, 3, 50])(
  "a listing whose pages come again after %i pages fails soon",
  async (circle) => {
    let pages = 0;
    const backend: Backend = {
      ...recordedBackend(new Map(), () => {}),
      list: async () => {
        // Five pages lead to the circle.
        const at = pages++;
        const next = String(at < 5 ? at : 5 + ((at - 5) % circle));
        return { names: ["a"], next, receivedBytes: 0 };
      },
    };
    const { signal } = new AbortController();
    await expect(listIds(backend, "snapshots", signal)).rejects.toMatchObject({
      code: "other",
      message: "the listing of snapshots/ does not end",
    });
    expect(pages).toBeLessThan(3 * (5 + circle) + 3);
  },
);

test("files are received in parts and pages, with their sizes", async () => {
  const asked: unknown[] = [];
  const backend: Backend = {
    ...recordedBackend(new Map(), () => {}),
    list: async (type, from, _signal, { prefix, sizes, onPart } = {}) => {
      asked.push([type, from, prefix, sizes]);
      onPart?.({ names: [`${from}, part`], sizes: [1] });
      return { names: ["rest"], sizes: [2], next: from ? undefined : "2", receivedBytes: 0 };
    },
  };
  const { signal } = new AbortController();
  const files: unknown[] = [];
  const found = ({ names, sizes }: ListedFiles): void => void files.push(names, sizes);
  await listFiles(backend, "data", { prefix: "a", sizes: true, onPart: found, found }, signal);
  expect(asked).toEqual([
    ["data", undefined, "a", true],
    ["data", "2", "a", true],
  ]);
  const pages = [["undefined, part"], [1], ["rest"], [2], ["2, part"], [1], ["rest"], [2]];
  expect(files).toEqual(pages);
});
