import { hash } from "node:crypto";

import { afterEach, expect, test, vi } from "vitest";

import { Key } from "../../../instrumentation/restic/crypto/key.ts";
import { loadSnapshots } from "../../../instrumentation/restic/repository/load-snapshots.ts";
import { recordedBackend } from "../../support/backends/recorded-backend.ts";
import { newMaterial, seal } from "../../support/repository/sealed-repository.ts";

afterEach(() => vi.restoreAllMocks());

test("files that are opened together are decoded one by one, and others have their turn between them", async () => {
  const material = newMaterial();
  const hosts = Array.from({ length: 20 }, (_, index) => `host-${index}`);
  const sealed = hosts.map((hostname, index) =>
    seal(
      Buffer.from(JSON.stringify({ time: "2024-05-01T12:00:00Z", hostname })),
      index === 7 ? newMaterial() : material,
    ),
  );
  const ids = sealed.map((stored) => hash("sha256", stored));
  const files = new Map(sealed.map((stored, index) => [`snapshots/${ids[index] ?? ""}`, stored]));
  let now = 0;
  // Whatever is done takes longer than one turn may.
  vi.spyOn(performance, "now").mockImplementation(() => (now += 100));
  const found: { hostname: string; turn: number }[] = [];
  let turn = 0;
  const next = (): NodeJS.Immediate =>
    setImmediate(() => {
      turn += 1;
      immediate = next();
    });
  let immediate = next();

  const outcome = await loadSnapshots(
    recordedBackend(files, () => {}),
    new Key(material),
    ids,
    ({ hostname }) => found.push({ hostname, turn }),
    new AbortController().signal,
  );
  clearImmediate(immediate);

  const whole = hosts.filter((_, index) => index !== 7);
  expect(found.map(({ hostname }) => hostname)).toEqual(whole);
  expect(new Set(found.map((one) => one.turn)).size).toBe(whole.length);
  expect([...outcome.unreadable]).toEqual([[ids[7], "is sealed with another key"]]);
  expect(outcome.foreign).toEqual(new Set([ids[7]]));
});
