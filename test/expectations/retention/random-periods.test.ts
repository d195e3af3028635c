import { expect, test } from "vitest";

import { Dice } from "../../support/core/dice.ts";
import { ExpectationScene } from "../../support/expectations/scene.ts";
import type { Shot } from "../../support/expectations/scene.ts";

const START = Date.parse("2027-01-02T22:00:00Z");
const HOUR = 3600;
const DAY = 24 * HOUR;
const LIMITS = { hourly: 30, daily: 9, weekly: 6, monthly: 14, yearly: 3 };
const PERIODS = ["hourly", "daily", "weekly", "monthly", "yearly"] as const;
type Period = (typeof PERIODS)[number];

/** The name of the period that a time on the wall is in: later ones sort behind. */
function nameOf(period: Period, localSeconds: number): string {
  const date = new Date(localSeconds * 1000);
  const text = date.toISOString();
  if (period === "hourly") return text.slice(0, 13);
  if (period === "daily") return text.slice(0, 10);
  if (period === "monthly") return text.slice(0, 7);
  if (period === "yearly") return text.slice(0, 4);
  // A week has the name of its Thursday.
  const thursday = localSeconds + (4 - (date.getUTCDay() || 7)) * DAY;
  return new Date(thursday * 1000).toISOString().slice(0, 10);
}

function wall({ at, offset = 0 }: Shot): number {
  return at + offset * 60;
}

/** It has files, and its time is that of its backup. */
function isEvidence({ at, start = at, files }: Shot): boolean {
  return files !== 0 && Math.abs(start - at) <= HOUR;
}

/** Counts on a list of the last periods, which it makes by walking back hour by hour, or day by day. */
function expectedOf(
  shots: readonly Shot[],
  since: number,
  period: Period,
  limit: number,
  now: number,
): string {
  const past = shots.filter(({ at }) => at <= now + 600).toSorted((a, b) => a.at - b.at);
  const [oldest] = past;
  const newest = past.findLast(({ at }) => at === past.at(-1)?.at);
  if (!oldest || !newest) return "";
  const here = now + (newest.offset ?? 0) * 60;
  const current = nameOf(period, here);
  const clamped = (shot: Shot): string => {
    const name = nameOf(period, wall(shot));
    return name > current ? current : name;
  };
  const there = new Set(past.filter(isEvidence).map(clamped));
  const last: string[] = [];
  for (let step = 0; last.length <= limit; step++) {
    const name = nameOf(period, here - step * (period === "hourly" ? HOUR : DAY));
    if (name !== last.at(-1)) last.push(name);
  }
  const names = there.has(current) ? last.slice(0, limit) : last.slice(1);
  const start = { ...newest, at: Math.min(since, oldest.at) };
  const first = [wall(oldest), wall(start)].map((time) => nameOf(period, time)).concat(...there);
  const least = first.toSorted()[0] ?? "";
  const found = names.filter((name) => there.has(name)).length;
  return `${found} of ${names.filter((name) => name >= least).length}`;
}

/** How many periods without a snapshot the slots have. */
function gapsOf(scene: ExpectationScene, period: Period): number {
  const retained = scene.book.slots().flatMap((slot) => slot.retained);
  return retained.flatMap(({ gaps }) => gaps.filter((gap) => gap.period === period)).length;
}

test("in 100 random histories the periods are those of the calendar", async () => {
  for (let seed = 0; seed < 100; seed++) {
    const dice = new Dice(seed);
    const scene = new ExpectationScene(START);
    const retention = Object.fromEntries(
      PERIODS.map((period) => [period, 1 + dice.roll(LIMITS[period])]),
    );
    scene.configure({ expect: [{ name: "e", hosts: ["*"], maxAge: "9d", retention }] }, ["/a"]);
    const zones = dice.pick([[0], [60, 120], [-720, 345, 840]]);
    let shots: readonly Shot[] = [];
    let since = Infinity;
    for (let round = 0; round < 10; round++) {
      await scene.clock.advance(dice.pick([60, HOUR, 5 * HOUR, DAY, 9 * DAY]) * 1000);
      const now = scene.clock.now() / 1000;
      if (dice.roll(3) > 0) {
        const kept = shots.filter(() => dice.roll(5) > 0);
        const more = Array.from({ length: dice.roll(4) }, (): Shot => ({
          host: "a",
          user: dice.pick(["root", "pg"]),
          at: now - dice.pick([-300, -900, 0, HOUR, 3 * DAY, 30 * DAY, 400 * DAY]) - dice.roll(DAY),
          offset: dice.pick(zones),
          ...(dice.roll(6) === 0 && { start: now }),
          ...(dice.roll(8) === 0 && { files: 0 }),
        }));
        // Of two snapshots of one second either may be the newest: their zones would decide.
        shots = [...new Map([...kept, ...more].map((shot) => [shot.at, shot])).values()];
        scene.read("/a", shots);
      }
      const found = scene.shown("retention_periods");
      const expected = scene.shown("retention_expected_periods");
      for (const shot of shots)
        if (isEvidence(shot) && shot.at <= now + 600) since = Math.min(since, shot.at);
      for (const period of PERIODS) {
        const key = `periods url=/a expectation=e host=a period=${period}`;
        const actual = [found[`retention_${key}`], expected[`retention_expected_${key}`]];
        expect(
          actual[0] === undefined ? "" : actual.join(" of "),
          `seed ${seed}, round ${round}, ${period}: ${JSON.stringify([retention, shots, now])}`,
        ).toBe(expectedOf(shots, since, period, retention[period] ?? 0, now));
        // Longer periods may have ended before the days for which gaps are kept.
        if (period === "hourly" || period === "daily")
          expect(gapsOf(scene, period), `seed ${seed}, round ${round}, ${period}`).toBe(
            (actual[1] ?? 0) - (actual[0] ?? 0),
          );
      }
    }
  }
});
