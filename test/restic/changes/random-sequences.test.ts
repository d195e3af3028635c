import { expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { Dice } from "../../support/core/dice.ts";
import { ChangingRepository } from "../../support/repository/changing-repository.ts";
import type { Shot } from "../../support/repository/changing-repository.ts";
import { idOf } from "../../support/repository/snapshot-id.ts";

const SEQUENCES = 10_000;
const STEPS = 14;

type Totals = Readonly<Record<"added" | "removed" | "retagged" | "rewritten", number>>;

const NONE: Totals = { added: 0, removed: 0, retagged: 0, rewritten: 0 };

/** What an agent should have counted, by comparing every snapshot with every other one. */
class Model {
  totals = NONE;
  #known: readonly Shot[] | undefined;

  forget(): void {
    this.totals = NONE;
    this.#known = undefined;
  }

  collect(listed: ReadonlyMap<string, Shot>): void {
    const before = this.#known;
    this.#known = [...listed.values()];
    if (!before) return;
    const had = new Set(before.map(({ id }) => id));
    const counts = { ...this.totals };
    counts.added += this.#known.filter(({ id }) => !had.has(id)).length;
    for (const gone of before.filter(({ id }) => !listed.has(id)))
      counts[fateOf(gone, this.#known)] += 1;
    this.totals = counts;
  }
}

function fateOf(gone: Shot, listed: readonly Shot[]): "removed" | "retagged" | "rewritten" {
  const successors = listed.filter(
    ({ original, time, host }) =>
      original !== undefined &&
      (original === gone.id ||
        original === gone.original ||
        (time === gone.time && host === gone.host)),
  );
  if (successors.some(({ tree }) => tree === gone.tree)) return "retagged";
  return successors.some(({ files }) => files * 2 >= gone.files) ? "rewritten" : "removed";
}

/** Names of steps that clients and the agent take. */
const CLIENT = [
  "add",
  "add",
  "forget",
  "tag",
  "tag half",
  "finish",
  "rewrite",
  "empty",
  "copy",
] as const;
const AGENT = ["collect", "collect", "collect", "crash", "restart"] as const;

class Sequence {
  readonly #dice: Dice;
  readonly #hasState: boolean;
  readonly #repository: ChangingRepository;
  readonly #model = new Model();
  readonly #halfway: Shot[] = [];
  readonly #steps: string[] = [];
  readonly #wrong: string[] = [];

  constructor(seed: number) {
    this.#dice = new Dice(seed);
    this.#hasState = this.#dice.roll(2) === 0;
    this.#repository = new ChangingRepository(this.#hasState);
    if (this.#hasState) this.#steps.push("with state");
  }

  /** @returns the differences to the model */
  async run(): Promise<readonly string[]> {
    for (let step = 0; step < STEPS; step++) {
      const name = this.#dice.pick(this.#dice.roll(3) > 0 ? CLIENT : AGENT);
      this.#steps.push(name);
      if (name === "crash") await this.#crash();
      else if (name === "restart") this.#restart();
      else if (name === "collect") await this.#collect();
      else this.#change(name);
    }
    await this.#collect();
    return this.#wrong;
  }

  #change(name: (typeof CLIENT)[number]): void {
    const { shots } = this.#repository;
    const host = this.#dice.pick(["web", "db"]);
    if (name === "add" || shots.size === 0) {
      this.#repository.add({ host });
      return;
    }
    if (name === "finish") {
      for (const shot of this.#halfway.splice(0)) this.#repository.remove(shot);
      return;
    }
    const shot = this.#dice.pick([...shots.values()]);
    if (name === "forget") this.#repository.remove(shot);
    else if (name === "copy")
      // A copy of a snapshot of another repository, perhaps of one that this one has.
      this.#repository.add({
        host,
        original: idOf(`foreign ${this.#dice.roll(3)}`),
        ...(this.#dice.roll(2) === 0 && { time: shot.time, tree: shot.tree }),
      });
    else this.#replace(shot, name);
  }

  #replace(shot: Shot, name: "tag" | "tag half" | "rewrite" | "empty"): void {
    const { id, original, tree, files, time, host } = shot;
    const isTag = name === "tag" || name === "tag half";
    this.#repository.add({
      time,
      host,
      // tag keeps the first original.
      original: isTag ? (original ?? id) : id,
      ...(isTag && { tree }),
      files: name === "empty" ? Math.floor(files / 3) : files,
    });
    if (name === "tag half") this.#halfway.push(shot);
    else this.#repository.remove(shot);
  }

  async #collect(): Promise<void> {
    const { history } = await this.#repository.collect();
    this.#model.collect(this.#repository.shots);
    const [actual, expected] = [history?.totals, this.#model.totals].map((one) =>
      JSON.stringify(one),
    );
    if (actual !== expected)
      this.#wrong.push(`${this.#steps.join(", ")}: ${actual}, not ${expected}`);
  }

  /** The collection fails at some call, as the listing or the third file. */
  async #crash(): Promise<void> {
    let left = this.#dice.roll(6);
    const aborted = new AbortController();
    const fail = (): void => {
      if (left-- > 0) return;
      aborted.abort(new AgentError("timeout", "too late"));
      aborted.signal.throwIfAborted();
    };
    this.#repository.disturb = (backend): Backend => ({
      ...backend,
      list: async (...args) => {
        fail();
        return backend.list(...args);
      },
      load: async (...args) => {
        fail();
        return backend.load(...args);
      },
    });
    const isComplete = await this.#repository.collect(aborted.signal).then(
      () => true,
      () => false,
    );
    this.#repository.disturb = (backend) => backend;
    if (isComplete) this.#model.collect(this.#repository.shots);
  }

  #restart(): void {
    this.#repository.restart();
    if (!this.#hasState) this.#model.forget();
  }
}

test.for(Array.from({ length: 10 }, (_, part) => part))(
  "10,000 random sequences of changes and collections are counted as a model says (part %i of 10)",
  async (part) => {
    const wrong: string[] = [];
    for (let seed = part; seed < SEQUENCES; seed += 10)
      wrong.push(...(await new Sequence(seed).run()));
    expect(wrong).toEqual([]);
  },
);
