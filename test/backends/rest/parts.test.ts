import { afterEach, beforeEach, expect, test } from "vitest";

import { retrying } from "../../../instrumentation/backends/decorators/retrying.ts";
import type { ListedFiles } from "../../../instrumentation/backends/backend.ts";
import { openRestAt } from "../../support/backends/rest-backend.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { failureOf } from "../../support/core/failure.ts";
import { FaultServer, answer } from "../../support/http/fault-server.ts";
import type { Fault } from "../../support/http/fault-server.ts";

const { signal } = new AbortController();
const nameOf = (index: number): string => index.toString(16).padStart(64, "0");
const ENTRIES = Array.from({ length: 1250 }, (_, size) => ({ name: nameOf(size), size }));

let server: FaultServer;
let parts: ListedFiles[];

beforeEach(async () => {
  server = await FaultServer.start();
  parts = [];
});

afterEach(() => server.stop());

const options = { sizes: true, onPart: (part: ListedFiles): void => void parts.push(part) };

const counts = (): readonly (readonly [number, number | undefined])[] =>
  parts.map(({ names, sizes }) => [names.length, sizes?.length]);

test("a receiver gets parts of 500 files, and the page has the others", async () => {
  server.answers(answer(JSON.stringify(ENTRIES)));
  const backend = await openRestAt(`rest:${server.url}`);
  parts.push(await backend.list("data", undefined, signal, options));
  expect(counts()).toEqual([
    [500, 500],
    [500, 500],
    [250, 250],
  ]);
  const sizes = new Map(
    parts.flatMap((part) => part.names.map((name, index) => [name, part.sizes?.[index]] as const)),
  );
  expect(sizes).toEqual(new Map(ENTRIES.map(({ name, size }) => [name, size])));
});

test("without a receiver the page has all files", async () => {
  server.answers(answer(JSON.stringify(ENTRIES)));
  const backend = await openRestAt(`rest:${server.url}`);
  const page = await backend.list("data", undefined, signal, { sizes: true });
  expect(page.names).toEqual(ENTRIES.map(({ name }) => name));
  expect(page.sizes).toEqual(ENTRIES.map(({ size }) => size));
});

test("a part in which one size is missing has none, and so has a page without a receiver", async () => {
  const entries = ENTRIES.map(({ name, size }) => (size === 7 ? { name } : { name, size }));
  server.answers(answer(JSON.stringify(entries)));
  const backend = await openRestAt(`rest:${server.url}`);
  await backend.list("data", undefined, signal, options);
  expect(counts()).toEqual([
    [500, undefined],
    [500, 500],
  ]);
  const page = await backend.list("data", undefined, signal, { sizes: true });
  expect(page.names).toHaveLength(1250);
  expect(page.sizes).toBeUndefined();
});

test("a server of version 1 gives names alone", async () => {
  server.answers(answer(JSON.stringify(ENTRIES.map(({ name }) => name))));
  const backend = await openRestAt(`rest:${server.url}`);
  parts.push(await backend.list("data", undefined, signal, options));
  expect(counts()).toEqual([
    [500, undefined],
    [500, undefined],
    [250, undefined],
  ]);
});

test("a listing that breaks off begins again, and its files are received again", async () => {
  const half: Fault = (_request, response) => {
    const body = JSON.stringify(ENTRIES);
    response.writeHead(200, { "content-length": body.length });
    response.write(body.slice(0, body.length / 2), () => response.socket?.destroy());
  };
  server.answers(half, answer(JSON.stringify(ENTRIES)));
  const clock = new FakeClock();
  const backend = retrying(await openRestAt(`rest:${server.url}`), clock);
  const page = backend.list("data", undefined, signal, options);
  while (server.requests.length < 2) await clock.advance(1000);
  expect((await page).names).toHaveLength(250);
  expect(counts().map(([names]) => names)).toEqual([500, 500, 500]);
});

test("a failure during the listing is the failure of the listing", async () => {
  server.answers(answer(`${JSON.stringify(ENTRIES).slice(0, -1)},]`));
  const backend = await openRestAt(`rest:${server.url}`);
  expect(await failureOf(backend.list("data", undefined, signal, options))).toMatch(
    /^other: .*not as a restic REST server does/,
  );
});

test("names that are longer than those of restic are left out", async () => {
  server.answers(answer(JSON.stringify(["a".repeat(65), "b".repeat(64)])));
  const backend = await openRestAt(`rest:${server.url}`);
  const { names } = await backend.list("keys", undefined, signal);
  expect(names).toEqual(["b".repeat(64)]);
});
