import { anyFits, isGlob } from "./reference-world.ts";
import type { PlainExpectation, World } from "./reference-world.ts";
import type { Shot } from "./scene.ts";

/** The last verdict on a slot. */
interface Said {
  readonly newest: number | undefined;
  readonly candidate: number;
  readonly settled: boolean;
  readonly attempted: boolean;
  readonly isLasting: boolean;
  readonly lostAt: number | undefined;
}

interface Found extends Shot {
  readonly url: string;
  readonly user: string;
  readonly isUnrestorable: boolean;
}

const DAY = 86_400;

/** Evaluates every slot each time, as the rules are written. Remembers only its last verdicts. */
export class Reference {
  #said = new Map<string, Map<string, Said>>();
  #before: World | undefined;

  /** `expectation host user` → what is shown of it. */
  evaluate(world: World): Readonly<Record<string, string>> {
    const shown: Record<string, string> = {};
    const said = new Map<string, Map<string, Said>>();
    for (const one of world.expect) {
      const own = world.enabled.filter((url) => anyFits(one.repositories, url));
      const ofOne = new Map<string, Said>();
      said.set(one.name, ofOne);
      if (own.length === 0) continue;
      for (const [slot, named, lostAt] of this.#slots(world, one, own)) {
        const [text, remembered] = this.#judge(world, one, own, slot, named, lostAt);
        ofOne.set(slot, remembered);
        if (text !== "") shown[[one.name, slot].join(" ").trimEnd()] = text;
      }
    }
    this.#said = said;
    this.#before = world;
    return shown;
  }

  /** All shots of the hosts that an expectation is about, with tags and paths that fit or may fit. */
  #shots(world: World, one: PlainExpectation, own: readonly string[]): readonly Found[] {
    return own.flatMap((url) => {
      const all = (world.learnt.get(url)?.shots ?? []).map((shot): Found => {
        const { user = "root" } = shot;
        return Object.assign({ url, host: shot.host, at: shot.at }, shot, {
          user: user === "" ? "UNKNOWN" : user,
          isUnrestorable: world.unrestorable.has(shot),
        });
      });
      return all.filter(({ host, user }) => {
        const newest = Math.max(
          ...all.filter((other) => other.host === host && other.user === user).map(({ at }) => at),
        );
        const isRetired = world.retired.some(
          ({ hosts, users, since }) =>
            anyFits(hosts, host) &&
            (!users || anyFits(users, user)) &&
            newest * 1000 <= Date.parse(since),
        );
        return one.hosts.includes(host) || (anyFits(one.hosts, host) && !isRetired);
      });
    });
  }

  #slots(
    world: World,
    one: PlainExpectation,
    own: readonly string[],
  ): readonly (readonly [slot: string, named: boolean, lostAt: number | undefined])[] {
    const there = this.#shots(world, one, own).filter((shot) => matching(one, shot) === true);
    const slots = new Map<string, readonly [boolean, number | undefined]>();
    const add = (slot: string, named: boolean, lostAt?: number): void => {
      if (!slots.has(slot)) slots.set(slot, [named, lostAt]);
    };
    for (const { host, user } of there)
      if (!one.users) add(host, one.hosts.includes(host));
      else if (anyFits(one.users, user))
        add(`${host} ${user}`, one.hosts.includes(host) && one.users.includes(user));
    if (!this.#isReload(world, one, own))
      for (const [slot, { isLasting, lostAt = world.now }] of this.#said.get(one.name) ?? [])
        if (isLasting && world.now - lostAt < 90 * DAY * 1000) add(slot, false, lostAt);
    const globbed = new Set(
      [...slots.keys()]
        .filter((slot) => anyFits(one.users?.filter(isGlob) ?? [], slot.split(" ")[1] ?? ""))
        .map((slot) => slot.split(" ")[0]),
    );
    const named = one.hosts.filter((host) => !isGlob(host));
    for (const host of new Set([...named, ...there.map((shot) => shot.host)])) {
      const isNamed = named.includes(host);
      for (const user of one.users?.filter((name) => !isGlob(name)) ?? [])
        add(`${host} ${user}`, isNamed);
      if (isNamed && (one.users?.some(isGlob) ?? true) && !globbed.has(host)) add(host, true);
    }
    if (slots.size === 0) add("", true);
    return [...slots].map(([slot, [isNamed, lostAt]]) => [slot, isNamed, lostAt]);
  }

  #isReload(world: World, one: PlainExpectation, own: readonly string[]): boolean {
    const before = this.#before;
    const same = before?.expect.find(({ name }) => name === one.name);
    return (
      JSON.stringify(before?.retired) !== JSON.stringify(world.retired) ||
      JSON.stringify(same) !== JSON.stringify(one) ||
      before?.enabled.some((url) => anyFits(one.repositories, url) && !own.includes(url)) === true
    );
  }

  /** Whether a slot is about the same snapshots as before, if those of further repositories are left aside. */
  #isSameQuestion(
    world: World,
    one: PlainExpectation,
    own: readonly string[],
    slot: string,
  ): boolean {
    const { retired, enabled = [], expect = [] } = this.#before ?? {};
    const askedOf = (asked?: PlainExpectation): string => {
      const { hosts, users, tags, paths, minFiles, copies = 1 } = asked ?? {};
      return JSON.stringify([users, tags, paths, minFiles, copies, slot === "" && hosts]);
    };
    return (
      JSON.stringify(retired) === JSON.stringify(world.retired) &&
      enabled.some((url) => own.includes(url)) &&
      askedOf(expect.find(({ name }) => name === one.name)) === askedOf(one)
    );
  }

  #judge(
    world: World,
    one: PlainExpectation,
    own: readonly string[],
    slot: string,
    named: boolean,
    lostAt: number | undefined,
  ): readonly [string, Said] {
    const { now } = world;
    const [slotHost, slotUser] = slot === "" ? [] : slot.split(" ");
    // A host without user is the place of the globs of users that find none.
    const users =
      slotHost !== undefined && slotUser === undefined ? one.users?.filter(isGlob) : one.users;
    const inSlot = this.#shots(world, one, own).filter(
      ({ host, user }) =>
        (slotHost === undefined || host === slotHost) &&
        (slotUser === undefined || user === slotUser) &&
        (!users || anyFits(users, user)),
    );
    const said = this.#said.get(one.name)?.get(slot);
    const isAnswer = said && this.#isSameQuestion(world, one, own, slot);
    const before = said && !isAnswer ? { ...said, newest: undefined, settled: false } : said;
    const { copies = 1, minSnapshots = 0, minFiles = 0 } = one;
    const learnt = own.map((url) => world.learnt.get(url));
    const known = own.filter((url) => world.learnt.get(url)?.shots !== undefined);
    const inTime = inSlot.filter(({ at }) => at <= now / 1000 + 600);
    const isGood = ({ files = Infinity }: Shot): boolean => files > 0 && files >= minFiles;
    const isSound = (shot: Found): boolean => matching(one, shot) === true && !shot.isUnrestorable;
    const newests = known.map((url) => {
      const good = inTime.filter((shot) => shot.url === url && isSound(shot) && isGood(shot));
      const newest = good.reduce((most, { at }) => Math.max(most, at), 0);
      return {
        newest: lostAt === undefined ? newest : (before?.candidate ?? 0),
        count: good.length,
      };
    });
    const nth = (values: readonly number[]): number =>
      values.toSorted((a, b) => b - a)[copies - 1] ?? 0;
    const best = newests.reduce((most, { newest }) => Math.max(most, newest), 0);
    const candidate = nth(newests.map(({ newest }) => newest));
    const pause = one.paused ? Date.parse(one.paused.until) / 1000 : 0;
    const isPaused = pause * 1000 > now;
    const hours = Number(one.maxAge.slice(0, -1)) * 3600;
    const maxAge = isPaused ? Math.max(hours, pause - candidate + hours) : hours;
    const isOld = (newest: number): boolean => now / 1000 - newest > maxAge;

    const attempted = learnt.every((state) => state !== undefined);
    const allKnown = attempted && known.length === own.length && own.length >= copies;
    const whole =
      learnt.every((state) => state?.shots && state.wasComplete && state.refused === 0) &&
      inSlot.every((shot) => matching(one, shot) !== undefined);
    const isSaid =
      (candidate > 0 && !isOld(candidate)) ||
      (allKnown && (candidate > 0 || whole)) ||
      before?.newest === candidate;
    const settled = isSaid && (allKnown || before?.settled === true);
    const wasAttempted = attempted || before?.attempted === true;

    const reasons: string[] = [];
    if (isSaid && best === 0) reasons.push("never_seen");
    else if (isSaid && isOld(best)) reasons.push("late");
    else if (isSaid && isOld(candidate)) reasons.push("copies");
    const isDoubtful =
      !allKnown ||
      !whole ||
      [...world.learnt].some(([url, { isFailing }]) => own.includes(url) && isFailing);
    const isUnknown = isSaid ? reasons.length > 0 && isDoubtful : wasAttempted;
    if (settled && nth(newests.map(({ count }) => count)) < minSnapshots) reasons.push("too_few");
    const last = inTime.filter(isSound);
    const newestOfAll = last.filter(({ at }) => last.every((other) => other.at <= at));
    if (settled && newestOfAll.length > 0 && !newestOfAll.some(isGood))
      reasons.push(newestOfAll.some(({ files }) => files !== 0) ? "small" : "empty");
    const matched = inSlot.filter((shot) => matching(one, shot) === true);
    if (matched.some((shot) => !inTime.includes(shot))) reasons.push("future");
    if (isUnknown) reasons.push("unknown");
    const text = [
      ...(isSaid ? [`newest ${candidate}`, `max ${maxAge}`] : []),
      ...(isPaused ? [] : reasons.toSorted()),
    ].join(" ");
    const newest = isSaid ? candidate : undefined;
    const isLasting = !named && (matched.length > 0 || lostAt !== undefined);
    return [text, { newest, candidate, settled, attempted: wasAttempted, isLasting, lostAt }];
  }
}

/** undefined: not known. */
function matching({ tags = [], paths = [] }: PlainExpectation, shot: Found): boolean | undefined {
  if (tags.length + paths.length === 0) return true;
  if (shot.isBare) return undefined;
  return (
    tags.every((tag) => shot.tags?.includes(tag)) &&
    paths.every((path) => (shot.paths ?? ["/"]).includes(path))
  );
}
