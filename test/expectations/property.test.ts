import { expect, test } from "vitest";

import { Dice } from "../support/core/dice.ts";
import { Reference } from "../support/expectations/reference.ts";
import type {
  Learnt,
  PlainExpectation,
  PlainRetired,
} from "../support/expectations/reference-world.ts";
import { ExpectationScene } from "../support/expectations/scene.ts";
import type { Shot } from "../support/expectations/scene.ts";

const START = Date.parse("2026-06-01T00:00:00Z");
const HOUR = 3600;
const URLS = ["/a", "/b", "/c"] as const;
const HOSTS = ["web", "db", "old"] as const;
const USERS = ["root", "pg", ""] as const;

/** A random past of repositories and settings, given to the agent's code and to the reference. */
class History {
  readonly dice: Dice;
  readonly scene = new ExpectationScene(START);
  reference = new Reference();
  expect: readonly PlainExpectation[] = [];
  retired: readonly PlainRetired[] = [];
  enabled: readonly string[] = [];
  learnt = new Map<string, Learnt>();
  /** The part that `stateDir` keeps over a restart. */
  readonly kept = new Map<string, Learnt>();
  unrestorable: ReadonlySet<Shot> = new Set();
  readonly events: string[] = [];
  /** Evaluations in steps that have begun. */
  readonly #begun: Generator<void>[] = [];

  constructor(seed: number) {
    this.dice = new Dice(seed);
    this.configure();
  }

  #some<T>(of: readonly T[], odds = 2): readonly T[] {
    return of.filter(() => this.dice.roll(odds) === 0);
  }

  #oneOrMore<T>(of: readonly T[]): readonly T[] {
    const some = this.#some(of);
    return some.length > 0 ? some : [this.dice.pick(of)];
  }

  /** Each part of the settings changes now and then. */
  configure(): void {
    const { dice } = this;
    if (this.expect.length === 0 || dice.roll(2) === 0)
      this.expect = ["e", "f"].slice(0, 1 + dice.roll(2)).map((name) => this.#expectation(name));
    if (dice.roll(3) === 0)
      this.retired = this.#some([
        { hosts: ["ol*"], since: dice.pick(["2026-05-20", "2026-06-02"]) },
        { hosts: ["d*"], users: ["p*"], since: "2026-05-31" },
      ]);
    this.enabled = this.#oneOrMore(URLS);
    const urls = [...this.enabled];
    const disabled = URLS.filter((url) => !urls.includes(url));
    this.scene.configure({ expect: this.expect, retired: this.retired }, urls, { disabled });
    for (const url of this.learnt.keys()) if (!urls.includes(url)) this.learnt.delete(url);
  }

  #expectation(name: string): PlainExpectation {
    const { dice } = this;
    const maybe = (key: string, value: unknown, odds = 3): object =>
      dice.roll(odds) === 0 ? { [key]: value } : {};
    return {
      name,
      repositories: ["/*"],
      hosts: this.#oneOrMore(["web", "never", "*", "d*"]),
      maxAge: dice.pick(["26h", "100h"]),
      ...maybe("users", this.#oneOrMore(["root", "p*", "x", "UNKNOWN"])),
      ...maybe("tags", this.#oneOrMore(["t", "s"])),
      ...maybe("paths", ["/home"], 6),
      ...maybe("minSnapshots", 1 + dice.roll(4)),
      ...maybe("minFiles", 1 + dice.roll(5)),
      ...maybe("copies", 1 + dice.roll(3), 2),
      ...maybe("paused", { until: dice.pick(["2026-06-01T05:00Z", "2026-06-04"]) }, 4),
    };
  }

  #shot(): Shot {
    const { dice } = this;
    const now = Math.floor(this.scene.clock.now() / 1000);
    const age = dice.pick([-900, -600, -599, 0, HOUR, 25 * HOUR, 27 * HOUR, 99 * HOUR, 400 * HOUR]);
    return {
      host: dice.pick(HOSTS),
      user: dice.pick(USERS),
      at: now - age - dice.roll(2),
      tags: this.#some(["t", "s"]),
      paths: dice.roll(2) === 0 ? ["/home", "/etc"] : ["/etc"],
      isBare: dice.roll(8) === 0,
      ...(dice.roll(2) === 0 && { files: dice.roll(6) }),
    };
  }

  async step(): Promise<void> {
    const { dice, scene } = this;
    const url = dice.pick(this.enabled);
    const known = this.learnt.get(url) ?? { wasComplete: false, refused: 0, shots: undefined };
    const event = dice.pick([
      "read",
      "read",
      "read",
      "fail",
      "wait",
      "reload",
      "restart",
      "inventory",
    ]);
    this.events.push(event);
    if (event === "read") {
      const kept = (known.shots ?? []).filter(() => dice.roll(4) > 0);
      const shots = [...kept, ...Array.from({ length: dice.low(6) }, () => this.#shot())];
      const refused = Number(dice.roll(6) === 0);
      scene.read(url, shots, refused);
      const learnt = { shots, refused, wasComplete: true, isFailing: false };
      this.learnt.set(url, learnt);
      this.kept.set(url, learnt);
    } else if (event === "fail") {
      // The first attempt after a restart takes over what the state folder has.
      const state = this.learnt.has(url) || dice.roll(2) === 0 ? undefined : this.kept.get(url);
      if (state) scene.read(url, state.shots ?? [], state.refused);
      scene.fail(url);
      this.learnt.set(url, { ...(state ?? known), isFailing: true });
    } else if (event === "wait") {
      const hours = dice.pick([0.01, 1, 5, 27, 100, 91 * 24]);
      await scene.clock.advance(hours * HOUR * 1000);
    } else if (event === "reload") this.configure();
    else if (event === "inventory") {
      const found = this.#some(known.shots ?? [], 4);
      scene.unrestorable.set(url, found);
      this.unrestorable = new Set([...scene.unrestorable.values()].flat());
    } else {
      scene.restart();
      this.scene.configure({ expect: this.expect, retired: this.retired }, this.enabled, {
        disabled: URLS.filter((one) => !this.enabled.includes(one)),
      });
      this.learnt = new Map();
      this.reference = new Reference();
    }
  }

  /** Begins an evaluation in steps, and continues earlier ones: events and whole evaluations come between their steps. */
  evaluate(how: "readAhead" | "updateInSteps"): void {
    const { dice, scene } = this;
    const begun = scene.book[how](scene.store.entries(), scene.clock.now());
    begun.next();
    this.#begun.push(begun);
    for (const steps of this.#begun) if (dice.roll(2) === 0) steps.next();
    if (this.#begun.length > 3) this.#begun.shift();
  }

  expected(): unknown {
    const { expect: expectations, retired, enabled, learnt, unrestorable } = this;
    const now = this.scene.clock.now();
    return this.reference.evaluate({
      expect: expectations,
      retired,
      enabled,
      learnt,
      unrestorable,
      now,
    });
  }

  /** The metrics in the form of the reference. */
  actual(): unknown {
    const texts = new Map<string, string[]>();
    for (const [key, value] of Object.entries(this.scene.shown("expect"))) {
      const [, name = "", labels = ""] =
        /^(expected_newest|expected_max|expectation_unmet)\S* expectation=(.*)$/.exec(key) ?? [];
      if (name === "") continue;
      const reason = / reason=(.*)$/.exec(labels)?.[1];
      const slot = labels.replace(/ reason=.*$/, "").replaceAll(/\b(?:host|user)=/g, "");
      const text = texts.get(slot) ?? [];
      texts.set(slot, text);
      text.push(reason ?? `${name.replace("expected_", "")} ${value}`);
    }
    return Object.fromEntries(
      [...texts].map(([slot, text]) => {
        const words = text
          .filter((word) => word.includes(" "))
          .toSorted()
          .toReversed();
        return [
          slot,
          [...words, ...text.filter((word) => !word.includes(" ")).toSorted()].join(" "),
        ];
      }),
    );
  }
}

test.for(Array.from({ length: 20 }, (_, index) => index))(
  "100 random histories show what the rules say (%i)",
  async (part) => {
    for (let seed = part * 100; seed < part * 100 + 100; seed++) {
      const history = new History(seed);
      for (let round = 0; round < 20; round++) {
        await history.step();
        if (history.dice.roll(2) === 0) history.evaluate("readAhead");
        // Several events can come between two scrapes.
        if (history.events.at(-1) !== "reload" && history.dice.roll(3) === 0) continue;
        if (history.dice.roll(2) === 0) history.evaluate("updateInSteps");
        expect(history.actual(), `seed ${seed}: ${history.events.join(", ")}`).toEqual(
          history.expected(),
        );
      }
    }
  },
);
