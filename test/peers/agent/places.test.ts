import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { printableUrl } from "../../../instrumentation/backends/printable-url.ts";
import { startAgent } from "../../support/agent/agent.ts";
import {
  requireAzurite,
  requirePeer,
  requireSshd,
  requireSwift,
} from "../../support/agent/peers.ts";
import { PASSWORD, startPlaces } from "../../support/stores/places.ts";
import type { Place, Places } from "../../support/stores/places.ts";
import type { Samples } from "../../support/agent/samples.ts";

const PEERS = ["rest-server", "versitygw", "rclone", "fake-gcs-server"] as const;
const hasPeers =
  PEERS.every((name) => requirePeer(name) !== undefined) &&
  requireAzurite() !== undefined &&
  requireSwift() &&
  requireSshd();

/** The backends that fail in the second test. */
const BROKEN = ["rest", "s3", "b2", "rclone"];

describe.skipIf(!hasPeers)("nine repositories on nine backends", () => {
  let root: string;
  let places: Places;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "places-"));
    places = await startPlaces(root);
  });

  afterAll(async () => {
    await places.stop();
    await rm(root, { recursive: true });
  });

  interface Collected {
    readonly samples: Samples;
    readonly log: string;
  }

  async function collected(entries: readonly unknown[]): Promise<Collected> {
    const settings = { repositories: entries, retryFailed: false };
    const agent = await startAgent(settings, { env: { HOME: root } });
    try {
      const samples = await agent.collect();
      const pages = ["/", "/api/status", "/-/healthy"].map(async (path) =>
        (await fetch(agent.url + path)).text(),
      );
      // The complete output of the agent: log, metrics and pages.
      const everything = [agent.log(), samples.text, ...(await Promise.all(pages))].join("\n");
      for (const secret of [
        PASSWORD,
        ...Object.values(places.places).flatMap(({ secrets }) => secrets),
      ])
        expect(everything).not.toContain(secret);
      return { samples, log: agent.log() };
    } finally {
      await agent.stop();
    }
  }

  const urlOf = ({ repo }: Place["good"]): string => printableUrl(String(repo));

  test("are all collected by one agent", async () => {
    const entries = Object.values(places.places).map(({ good }) => good);
    expect(entries).toHaveLength(9);
    const { samples } = await collected(entries);
    for (const entry of entries) {
      const url = urlOf(entry);
      expect([url, samples.value("backup_repository_up", { url })]).toEqual([url, 1]);
      expect(samples.sets(url)).toMatchObject([{ host: "h", user: "u", snapshots: 1 }]);
    }
    expect(samples.value("backup_job_error_count")).toBe(0);
  });

  test("are independent: four fail with their own errors, five are collected", async () => {
    const all = Object.entries(places.places).map(([name, place]) => ({
      place,
      isBroken: BROKEN.includes(name),
    }));
    const { samples, log } = await collected(
      all.map(({ place, isBroken }) => (isBroken ? place.broken : place.good)),
    );
    for (const { place, isBroken } of all) {
      const url = urlOf(isBroken ? place.broken : place.good);
      expect([url, samples.value("backup_repository_up", { url })]).toEqual([
        url,
        isBroken ? 0 : 1,
      ]);
      if (!isBroken) continue;
      const { type, message } = place.error;
      expect(
        samples.of("backup_repository_error", { url }).map(({ labels }) => labels["error_type"]),
      ).toEqual([type]);
      expect(log).toMatch(message);
    }
    expect(samples.value("backup_job_error_count")).toBe(BROKEN.length);
  });

  test("report the expected error type and message when all of them fail", async () => {
    const all = Object.values(places.places);
    const { samples, log } = await collected(all.map(({ broken }) => broken));
    for (const { broken, error } of all) {
      const labels = { url: urlOf(broken), error_type: error.type };
      expect([labels, samples.value("backup_repository_error", labels)]).toEqual([labels, 1]);
      expect(log).toMatch(error.message);
    }
  });

  test("name the repository and the host if the host name cannot be resolved", async () => {
    const keys = { AWS_ACCESS_KEY_ID: "K", AWS_SECRET_ACCESS_KEY: "CANARY-of-S3" };
    const b2 = { B2_API_URL: "https://nowhere.invalid", B2_ACCOUNT_ID: "i", B2_ACCOUNT_KEY: "k" };
    const entries = [
      { repo: "rest:https://nowhere.invalid/repo", password: PASSWORD },
      { repo: "s3:nowhere.invalid/bucket", password: PASSWORD, environment: keys },
      { repo: "b2:some-bucket:repo", password: PASSWORD, environment: b2 },
    ];
    const { samples, log } = await collected(entries);
    for (const { repo: url } of entries)
      expect(samples.value("backup_repository_error", { url, error_type: "unreachable" })).toBe(1);
    const unknown = String.raw`the name of nowhere\.invalid\S* cannot be resolved`;
    for (const place of ["https://nowhere.invalid/bucket: ", "b2:some-bucket: ", ""])
      expect(log).toMatch(new RegExp(place + unknown));
  });
});
