import { expect, test } from "vitest";

import { AgentError } from "../../../instrumentation/core/error.ts";
import type { ErrorCode } from "../../../instrumentation/core/error.ts";
import type { Backend } from "../../../instrumentation/backends/backend.ts";
import type { Catalogue } from "../../../instrumentation/restic/repository/repository.ts";
import { recordedBackend } from "../../support/backends/recorded-backend.ts";
import { ChangingRepository } from "../../support/repository/changing-repository.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";

const PAGES = 4;
const PER_PAGE = 3;

/** Returns the names of a page; `turn` counts the listings of `snapshots/` from 0. @throws AgentError */
type Show = (names: readonly string[], page: number, turn: number) => readonly string[];

/** The storage lists `snapshots/` in pages; `show` spoils them. */
function listing(show: Show): (backend: Backend) => Backend {
  let turn = -1;
  return (backend) => ({
    ...backend,
    list: async (type, from, signal, options) => {
      const whole = await backend.list(
        type,
        from === undefined ? from : undefined,
        signal,
        options,
      );
      if (type !== "snapshots") return whole;
      const page = Number(from ?? 0);
      if (page === 0) turn += 1;
      const part = whole.names
        .toSorted((a, b) => (a < b ? -1 : 1))
        .slice(page * PER_PAGE, page === PAGES - 1 ? undefined : (page + 1) * PER_PAGE);
      const next = page === PAGES - 1 ? undefined : String(page + 1);
      return { ...whole, names: show(part, page, turn), next };
    },
  });
}

/** Files cannot be read. */
function loading(code: ErrorCode, type = "snapshots"): (backend: Backend) => Backend {
  return (backend) => ({
    ...backend,
    load: async (wanted, name, signal) => {
      if (wanted === type) throw new AgentError(code, `scripted ${code}`);
      return backend.load(wanted, name, signal);
    },
  });
}

const failing = (code: ErrorCode, at: number, inTurn: number): Show => {
  return (names, page, turn) => {
    if (page === at && turn === inTurn) throw new AgentError(code, `scripted ${code}`);
    // The second listing happens only if the first one lacks files.
    return inTurn > 0 && turn === 0 ? names.slice(1) : names;
  };
};

/** Whole repositories in place of this one. */
const replaced = (password: string, snapshots: number): ((backend: Backend) => Backend) => {
  const other = new SealedRepository(password);
  for (let count = 0; count < snapshots; count++)
    other.addSnapshot({ time: "2026-01-01T00:00:00Z", hostname: "web", username: "root" });
  return () => recordedBackend(other.files, () => {});
};

const FOREIGN = replaced("p", 5);

const FAULTS: Readonly<Record<string, (backend: Backend) => Backend>> = {
  ...Object.fromEntries(
    (["unreachable", "timeout", "denied", "not_found"] as const).flatMap((code) =>
      Array.from({ length: PAGES }, (_, page) => page).map((page) => [
        `page ${page} fails: ${code}`,
        listing(failing(code, page, 0)),
      ]),
    ),
  ),
  ...Object.fromEntries(
    (["unreachable", "denied", "not_found"] as const).map((code) => [
      `the second listing fails: ${code}`,
      listing(failing(code, 1, 1)),
    ]),
  ),
  "the listing is empty once": listing((names, _, turn) => (turn === 0 ? [] : names)),
  "it is empty, and config is away": (backend) =>
    loading("not_found", "config")(listing(() => [])(backend)),
  "it is empty, and so is keys/": (backend) => ({
    ...backend,
    list: async () => ({ names: [], next: undefined, receivedBytes: 0 }),
  }),
  ...Object.fromEntries(
    [1, 2, 3].flatMap((pages) => [
      [
        `it is cut after ${pages} pages`,
        listing((names, page, turn) => (turn === 0 && page >= pages ? [] : names)),
      ],
      [
        `page ${pages - 1} is stale once`,
        listing((names, page, turn) => (turn === 0 && page === pages - 1 ? [] : names)),
      ],
    ]),
  ),
  "half of each page is missing in one listing": listing((names, _, turn) =>
    turn === 0 ? names.slice(1) : names,
  ),
  "it alternates, the first one lacks": listing((names, _, turn) =>
    turn % 2 === 0 ? names.slice(2) : names,
  ),
  "it alternates, each one lacks another half": listing((names, page, turn) =>
    turn % 2 === page % 2 ? [] : names,
  ),
  "names are listed twice": listing((names) => [...names, ...names]),
  "other names only, those of another repository": (backend) => ({
    ...backend,
    list: async (type, from, signal, options) =>
      (type === "snapshots" ? FOREIGN(backend) : backend).list(type, from, signal, options),
  }),
  "another repository with the same password": FOREIGN,
  "another repository with another password": replaced("q", 5),
  "another repository without snapshots": replaced("p", 0),
  "files are denied": loading("denied"),
  "files are unreachable": loading("unreachable"),
  "files are listed and missing": loading("not_found"),
  "files are damaged": (backend) => ({
    ...backend,
    load: async (type, name, signal) => {
      const stored = await backend.load(type, name, signal);
      return type === "snapshots" ? stored.subarray(5) : stored;
    },
  }),
  "one of two keys is listed only every other time": (backend) => {
    let turn = 0;
    return {
      ...backend,
      list: async (type, from, signal, options) => {
        const page = await backend.list(type, from, signal, options);
        const isLacking = type === "keys" && turn++ % 2 === 0;
        return isLacking ? { ...page, names: page.names.slice(0, 1) } : page;
      },
    };
  },
  "keys are away": (backend) => ({
    ...backend,
    list: async (type, from, signal, options) => {
      const page = await backend.list(type, from, signal, options);
      return type === "keys" ? { ...page, names: [] } : page;
    },
  }),
};

const CASES = Object.entries(FAULTS).flatMap(([name, fault]) =>
  (["an agent that runs", "with state and a restart", "a reload of settings"] as const).map(
    (agent) => [name, agent, fault] as const,
  ),
);

test("there are 40 faults", () => {
  expect(Object.keys(FAULTS).length).toBeGreaterThanOrEqual(40);
});

/** All that counts as missing or as changed. */
function accusations({ history }: Catalogue): unknown {
  const { totals, last, absences, vanished, keys, events } = history ?? expect.fail("no history");
  const { addedAt, removedAt } = keys ?? expect.fail("keys are not known");
  return { ...totals, added: 0, ...last, absences, vanished, addedAt, removedAt, events };
}

const NOTHING = {
  added: 0,
  removed: 0,
  retagged: 0,
  rewritten: 0,
  removal: undefined,
  newestRemovalAt: undefined,
  rewriteAt: undefined,
  violatedAt: undefined,
  addedAt: undefined,
  removedAt: undefined,
  absences: [],
  vanished: [],
  events: [],
};

test.for(CASES)("nothing is missing although %s (%s)", async ([, agent, fault]) => {
  const repository = new ChangingRepository(agent === "with state and a restart");
  for (let count = 0; count < PAGES * PER_PAGE; count++)
    repository.add({ host: count % 2 === 0 ? "web" : "db", path: `/${count % 3}` });
  repository.sealed.addKey("q");
  const first = await repository.collect();
  const published = {
    publishedId: first.config.id,
    published: [...first.snapshots.values()],
    history: first.history,
  };
  repository.add();
  repository.disturb = fault;
  // The failure of a collection changes nothing either.
  for (let collection = 0; collection < 2; collection++) {
    if (agent !== "an agent that runs") repository.restart();
    const never = new AbortController().signal;
    const reload = agent === "a reload of settings" ? published : undefined;
    const seen = await repository.collect(never, reload).catch(() => undefined);
    if (seen) expect(accusations(seen)).toEqual(NOTHING);
  }
  repository.disturb = (backend) => backend;
  const reload = agent === "a reload of settings" ? published : undefined;
  expect(accusations(await repository.collect(undefined, reload))).toEqual(NOTHING);
  expect(accusations(await repository.collect(undefined, reload))).toEqual(NOTHING);
});

test.for([0, 1, 2])("a first listing without page %i accuses of nothing", async (at) => {
  const repository = new ChangingRepository(true);
  for (let count = 0; count < PAGES * PER_PAGE; count++) repository.add();
  repository.disturb = listing((names, page) => (page === at ? [] : names));
  await repository.collect();
  repository.disturb = (backend) => backend;
  const { history } = await repository.collect();
  expect(history?.totals).toEqual({ added: PER_PAGE, removed: 0, retagged: 0, rewritten: 0 });
});

test("a snapshot that two listings lack is removed: the faults would show", async () => {
  const repository = new ChangingRepository(false);
  for (let count = 0; count < PAGES * PER_PAGE; count++) repository.add();
  await repository.collect();
  repository.disturb = listing((names, page) => (page === 1 ? names.slice(1) : names));
  const { history } = await repository.collect();
  expect(history?.totals.removed).toBe(1);
  expect(history?.last.removal?.snapshots).toBe(1);
});
