import { rm } from "node:fs/promises";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import { Repository } from "../../../instrumentation/restic/repository/repository.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { recordedBackend } from "../../support/backends/recorded-backend.ts";
import { repositoryFolder } from "../../support/repository/repository-folder.ts";
import { restic } from "../../support/repository/restic-cli.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";

/** The JSON of the field `time`; undefined: the field is missing. */
const TIMES = [
  undefined,
  "null",
  '""',
  "5",
  '"yesterday"',
  '"2024-02-29T12:00:00Z"',
  '"2023-02-29T12:00:00Z"',
  '"2024-02-30T12:00:00Z"',
  '"2024-04-31T12:00:00Z"',
  '"2024-00-01T12:00:00Z"',
  '"2024-13-01T12:00:00Z"',
  '"2024-01-00T12:00:00Z"',
  '"2024-01-02T24:00:00Z"',
  '"2024-01-02T23:59:60Z"',
  '"2024-01-02T23:60:00Z"',
  '"2024-01-02T03:04:05.1234567891Z"',
  '"2024-01-02T03:04:05.123456789123456789+02:00"',
  '"2024-01-02T03:04:05.99999999999Z"',
  '"2024-01-02T03:04:05.Z"',
  '"2024-01-02T03:04:05,25Z"',
  '"2024-01-02T3:04:05Z"',
  '"2024-1-02T03:04:05Z"',
  '"2024-01-02t03:04:05z"',
  '"2024-01-02 03:04:05Z"',
  '"2024-01-02T03:04:05"',
  '"2024-01-02T03:04Z"',
  '"2024-01-02T03:04:05+25:00"',
  '"2024-01-02T03:04:05-23:59"',
  '"2024-01-02T03:04:05+0100"',
  '"0000-01-01T00:00:00Z"',
  '"0001-01-01T00:00:00Z"',
  '"0099-12-31T00:00:00Z"',
  '"9999-12-31T23:59:59Z"',
  '"12024-01-02T03:04:05Z"',
  '"-2024-01-02T03:04:05Z"',
] as const;

describe.skipIf(!requirePeer("restic"))("the times of snapshots", () => {
  const sealed = new SealedRepository("p");
  let folder: string;
  /** Milliseconds since the epoch by host. */
  let listed: ReadonlyMap<string, number>;
  let read: ReadonlyMap<string, number>;

  beforeAll(async () => {
    for (const [index, time] of TIMES.entries()) {
      const tree = "41a55ede1d668753302b3ffa563fe43cc0e8543eafbe421564a7676bab3ffe3d";
      const field = time === undefined ? "" : `"time":${time},`;
      sealed.addSnapshotText(
        `{${field}"tree":"${tree}","paths":["/x"],"hostname":"host-${index}"}`,
      );
    }
    folder = await repositoryFolder(sealed.files);
    const json = await restic(["snapshots", "--json", "--no-lock"], {
      repo: folder,
      password: "p",
    });
    const snapshots: readonly { time: string; hostname: string }[] = JSON.parse(json);
    listed = new Map(snapshots.map(({ hostname, time }) => [hostname, Date.parse(time)]));
    const repository = new Repository({
      clock: systemClock,
      reverifyMs: 3_600_000,
      onDerivation: () => {},
    });
    const access = { password: new Secret("p"), keyHint: undefined, publishedId: undefined };
    const backend = recordedBackend(sealed.files, () => {});
    const catalogue = await repository.read({ backend, ...access }, new AbortController().signal);
    read = new Map(
      [...catalogue.snapshots.values()].map(({ hostname, time }) => [
        hostname,
        time.seconds * 1000 + Math.floor(time.nanoseconds / 1e6),
      ]),
    );
  });

  afterAll(() => rm(folder, { recursive: true }));

  test.for(TIMES.map((time, index) => [time ?? "no field", `host-${index}`] as const))(
    "are as restic lists them, or refused as by restic: %s",
    ([, host]) => {
      expect(read.get(host)).toBe(listed.get(host));
    },
  );

  test("of all kinds some are listed, and some are not", () => {
    expect(listed.size).toBeGreaterThan(10);
    expect(listed.size).toBeLessThan(TIMES.length - 10);
  });
});
