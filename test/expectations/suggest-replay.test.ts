import { expect, test } from "vitest";
import { parse } from "yaml";

import { suggest } from "../../instrumentation/expectations/suggest.ts";
import type { BackupSet } from "../../instrumentation/restic/state.ts";
import { NO_EXPECTATIONS } from "../../instrumentation/settings/expectations/expectations.ts";
import { suggestionText } from "../../src/suggestion-text.ts";
import { Dice } from "../support/core/dice.ts";
import { DAY, HOUR, Job, RHYTHMS, setsOf } from "../support/expectations/past.ts";
import { ExpectationScene, stateOf } from "../support/expectations/scene.ts";

/** A Monday. */
const NOW = Date.parse("2026-06-01T00:00:00Z") / 1000;
const REPLAYED = 8 * DAY;
const OUTAGES = 50;
const URL = "/a";

/** The time from the last snapshot to the alarm, at most. */
const RED_WITHIN: Readonly<Record<keyof typeof RHYTHMS, number>> = {
  weekday: 4 * DAY,
  daily: 32 * HOUR,
  weekly: 9 * DAY,
  hourly: 2 * HOUR,
  thinnedDaily: 32 * HOUR,
  thinnedWeekday: 4 * DAY,
  thinnedHourly: 32 * HOUR,
};

/** How many jobs there are of each rhythm, and the days of their past. A multiple of 7: they start on a Monday. */
const JOBS: Readonly<Record<keyof typeof RHYTHMS, readonly [jobs: number, days: number]>> = {
  weekday: [220, 70],
  daily: [200, 70],
  weekly: [200, 280],
  hourly: [40, 14],
  thinnedDaily: [150, 168],
  thinnedWeekday: [150, 168],
  thinnedHourly: [40, 49],
};

/** 1,000 jobs. Those of `daily` and `weekly` share the hosts. */
function jobs(): readonly Job[] {
  const dice = new Dice(21);
  return typedKeys(JOBS).flatMap((rhythm) => {
    const [count, days] = JOBS[rhythm];
    const [name, path] = rhythm === "weekly" ? ["daily", "/srv"] : [rhythm, "/etc"];
    return Array.from({ length: count }, (_, index) => {
      const start = NOW - days * DAY + dice.roll(rhythm.endsWith("ourly") ? HOUR : DAY);
      return new Job(`${name}-${index}`, rhythm, [path], start, dice.roll(1e9));
    });
  });
}

function typedKeys<Key extends string>(record: Readonly<Record<Key, unknown>>): readonly Key[] {
  const isKey = (key: string): key is Key => Object.hasOwn(record, key);
  return Object.keys(record).filter(isKey);
}

/** The backup sets, of which only those are made again that changed. */
class Repository {
  readonly jobs = jobs();
  /** A host with one job is expected without paths. */
  readonly byHost = Map.groupBy(this.jobs, ({ host }) => host);
  readonly #sets = new Map<string, readonly BackupSet[]>();

  advance(now: number): readonly BackupSet[] {
    for (const [host, ofHost] of this.byHost)
      if (ofHost.filter((job) => job.advance(now)).length > 0)
        this.#sets.set(host, setsOf(URL, ofHost));
    return [...this.#sets.values()].flat();
  }
}

test("1,000 jobs: a regular past raises no alarm, and each of 50 outages does", () => {
  const repository = new Repository();
  const past = new Map<number, readonly BackupSet[]>();
  for (let now = NOW - REPLAYED; now <= NOW; now += HOUR) past.set(now, repository.advance(now));
  const { suggestions } = suggest(past.get(NOW) ?? [], NO_EXPECTATIONS, NOW * 1000);
  const sections: { expect: { name: string; hosts: string[]; paths?: string[] }[] } = parse(
    suggestionText(suggestions),
  );
  const pathsOf = new Map(sections.expect.map(({ name, paths }) => [name, paths]));
  expect(new Set(sections.expect.flatMap(({ hosts }) => hosts)).size).toBe(800);

  const outages = new Map<Job, number | undefined>();
  const dice = new Dice(50);
  while (outages.size < OUTAGES) outages.set(dice.pick(repository.jobs), undefined);
  for (const job of outages.keys()) job.stopsAt = NOW + dice.roll(2 * DAY);
  const jobOf = (expectation: string, host: string): Job | undefined => {
    const ofHost = repository.byHost.get(host) ?? [];
    const [path = ofHost[0]?.paths[0]] = pathsOf.get(expectation) ?? [];
    return ofHost.find(({ paths }) => paths[0] === path);
  };

  const scene = new ExpectationScene((NOW - REPLAYED) * 1000);
  scene.configure(sections, [URL]);
  const alarms: string[] = [];
  for (let now = NOW - REPLAYED; now < NOW + 12 * DAY; now += HOUR) {
    scene.readState(URL, stateOf(past.get(now) ?? repository.advance(now)));
    scene.book.update(scene.store.entries(), now * 1000);
    for (const { labels, verdict } of scene.book.slots()) {
      if (verdict.reasons.length === 0) continue;
      const { expectation = "", host = "" } = labels;
      const job = jobOf(expectation, host);
      if (!job || !outages.has(job) || now < job.stopsAt)
        alarms.push(`${host} ${job?.rhythm ?? expectation} ${verdict.reasons.join()} ${now - NOW}`);
      else outages.set(job, outages.get(job) ?? now);
    }
  }
  expect(alarms).toEqual([]);
  for (const [job, redAt = Infinity] of outages)
    expect(redAt - (job.members[0]?.time.seconds ?? 0)).toBeLessThanOrEqual(
      RED_WITHIN[job.rhythm] + HOUR,
    );
});
