import { expect, test } from "vitest";

import type { ExpectationSections } from "../../instrumentation/settings/expectations/parse.ts";
import { ExpectationScene } from "../support/expectations/scene.ts";
import type { Shot } from "../support/expectations/scene.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const HOUR = 3600;
const DAY = 24 * HOUR;
const ago = (seconds: number): number => NOW / 1000 - seconds;

function scene(
  expectation: object,
  rest: ExpectationSections = {},
  urls: readonly string[] = ["/a"],
): ExpectationScene {
  const made = new ExpectationScene(NOW);
  made.configure({ expect: [{ name: "e", maxAge: "26h", ...expectation }], ...rest }, urls);
  return made;
}

function shot(host: string, user = "root", at = ago(HOUR), rest: Partial<Shot> = {}): Shot {
  return { host, user, at, ...rest };
}

/** The labels of all slots, without the expectation. */
function slots(made: ExpectationScene): readonly string[] {
  return Object.keys(made.shown("expected_newest")).map((key) =>
    key.replace(/^.*expectation=e ?/, ""),
  );
}

const WEB = shot("web");
const WEB_PG = shot("web", "pg");
const DB = shot("db");

test.for<readonly [string, object, readonly Shot[], readonly string[]]>([
  ["a name exists, seen or not", { hosts: ["web", "x"] }, [WEB, DB], ["host=web", "host=x"]],
  [
    "a glob matches hosts that have snapshots",
    { hosts: ["*"] },
    [WEB, DB],
    ["host=db", "host=web"],
  ],
  ["a name and a glob give one slot", { hosts: ["web", "w*"] }, [WEB], ["host=web"]],
  ["one slot is over all users", { hosts: ["web"] }, [WEB, WEB_PG], ["host=web"]],
  [
    "users divide a host",
    { hosts: ["*"], users: ["*"] },
    [WEB, WEB_PG, DB],
    ["host=db user=root", "host=web user=pg", "host=web user=root"],
  ],
  [
    "a named user is expected on each host",
    { hosts: ["*"], users: ["pg"] },
    [DB, WEB_PG],
    ["host=db user=pg", "host=web user=pg"],
  ],
  ["a glob of users that finds none", { hosts: ["web"], users: ["p*"] }, [WEB], ["host=web"]],
  [
    "a glob of users beside a name",
    { hosts: ["web"], users: ["root", "p*"] },
    [WEB],
    ["host=web", "host=web user=root"],
  ],
  [
    "a glob of users that finds the one that is named",
    { hosts: ["web"], users: ["root", "r*"] },
    [WEB],
    ["host=web user=root"],
  ],
  [
    "a glob of users that finds one",
    { hosts: ["web"], users: ["p*"] },
    [WEB, WEB_PG],
    ["host=web user=pg"],
  ],
  ["an expectation that finds nothing", { hosts: ["x*"], users: ["root"] }, [WEB], [""]],
  [
    "hosts without the tags are not there",
    { hosts: ["*"], tags: ["pg"] },
    [WEB, shot("db", "root", ago(HOUR), { tags: ["pg"] })],
    ["host=db"],
  ],
  [
    "equality comes before the glob",
    { hosts: ["web[1]"] },
    [shot("web[1]"), shot("web1"), shot("web2")],
    ["host=web1", "host=web[1]"],
  ],
])("%s", ([, expectation, shots, expected]) => {
  const made = scene(expectation);
  made.read("/a", shots);
  expect(slots(made)).toEqual(expected);
  expect(Object.keys(made.shown("expected_max_age"))).toHaveLength(expected.length);
});

test("the slot of a glob keeps its last timestamp for 90 days", async () => {
  const made = scene({ hosts: ["*"] });
  made.read("/a", [WEB, DB]);
  expect(made.unmet()).toEqual([]);
  made.read("/a", [DB]);
  expect(slots(made)).toEqual(["host=db", "host=web"]);
  expect(made.unmet()).toEqual([]);
  await made.clock.advance(2 * DAY * 1000);
  expect(made.unmet()).toEqual(["e db late", "e web late"]);
  await made.clock.advance(88 * DAY * 1000 - 1);
  expect(slots(made)).toEqual(["host=db", "host=web"]);
  await made.clock.advance(1);
  expect(slots(made)).toEqual(["host=db"]);
});

test("the kept slot of a glob ends when the settings change or its host is retired", () => {
  const made = scene({ hosts: ["*"] });
  const shots = [WEB, DB];
  const expectation = { name: "e", hosts: ["*"], maxAge: "26h" };
  const lose = (): void => {
    made.configure({ expect: [expectation] }, ["/a"]);
    made.read("/a", shots);
    expect(slots(made)).toEqual(["host=db", "host=web"]);
    made.read("/a", [DB]);
    expect(slots(made)).toEqual(["host=db", "host=web"]);
  };
  lose();
  made.configure({ expect: [{ ...expectation, maxAge: "27h" }] }, ["/a"]);
  expect(slots(made)).toEqual(["host=db"]);
  lose();
  made.configure({ expect: [expectation], retired: [{ hosts: ["web"], since: "2026-06-01" }] }, [
    "/a",
  ]);
  expect(slots(made)).toEqual(["host=db"]);
  lose();
  made.configure({ expect: [{ ...expectation, maxAge: "27h" }] }, ["/a"]);
  made.configure({ expect: [{ ...expectation, maxAge: "27h" }] }, ["/a"]);
  expect(slots(made)).toEqual(["host=db"]);
  lose();
  made.configure({ expect: [expectation] }, ["/a", "/b"]);
  expect(slots(made)).toEqual(["host=db", "host=web"]);
});

test("a glob does not stand for a retired host, until it comes back", () => {
  const retired = [{ hosts: ["old-*"], since: "2026-05-31" }];
  const made = scene({ hosts: ["*"] }, { retired });
  made.read("/a", [WEB, shot("old-1", "root", ago(2 * DAY))]);
  expect(slots(made)).toEqual(["host=web"]);
  expect(made.shown("set")).toEqual({
    "set_judged url=/a host=old-1 user=root": 1,
    "set_judged url=/a host=web user=root": 1,
    "unexpected_sets url=/a": 0,
  });
  made.read("/a", [WEB, shot("old-1", "root", ago(HOUR))]);
  expect(slots(made)).toEqual(["host=old-1", "host=web"]);
});

test("a retired host that comes back is unexpected", () => {
  const retired = [{ hosts: ["old-*"], since: "2026-05-31" }];
  const made = scene({ hosts: ["web"] }, { retired });
  made.read("/a", [WEB, shot("old-1", "root", ago(2 * DAY))]);
  expect(made.shown("unexpected")).toEqual({ "unexpected_sets url=/a": 0 });
  made.read("/a", [WEB, shot("old-1", "root", ago(HOUR))]);
  expect(made.shown("unexpected")).toEqual({ "unexpected_sets url=/a": 1 });
  expect(made.shown("judged")).toEqual({ "set_judged url=/a host=web user=root": 1 });
});

test("a set of other tags, users or repositories is unexpected", () => {
  const made = scene({ hosts: ["web"], users: ["root"], tags: ["pg"], repositories: ["/a"] }, {}, [
    "/a",
    "/b",
  ]);
  const pg = { tags: ["pg"] };
  made.read("/a", [shot("web", "root", ago(HOUR), pg), shot("web", "alice", ago(HOUR), pg)]);
  made.read("/b", [shot("web", "root", ago(HOUR), pg), WEB]);
  expect(made.shown("set")).toEqual({
    "set_judged url=/a host=web user=root": 1,
    "unexpected_sets url=/a": 1,
    "unexpected_sets url=/b": 1,
  });
});

test("an expectation without an enabled repository of this agent has no series", () => {
  const made = new ExpectationScene(NOW);
  const entry = { name: "e", hosts: ["web"], maxAge: "26h", paused: { until: "2027-01-01" } };
  made.configure({ expect: [{ ...entry, repositories: ["/off"] }] }, ["/a"], {
    disabled: ["/off"],
  });
  made.read("/a", [WEB]);
  expect(made.shown("expect")).toEqual({ "expectations ": 1, "unexpected_sets url=/a": 1 });
});

test("copies that disabled repositories should hold are unknown", () => {
  const made = new ExpectationScene(NOW);
  const entry = { name: "e", hosts: ["web"], maxAge: "26h", copies: 2 };
  made.configure({ expect: [entry] }, ["/a"], { disabled: ["/off"] });
  made.read("/a", [WEB]);
  expect([made.unmet(), slots(made)]).toEqual([["e web unknown"], []]);
});

test("slots of names are shown beyond maxSlots; then those of two snapshots, and single snapshots in the order in which they appeared", () => {
  const made = new ExpectationScene(NOW);
  const configure = (maxSlots: number): void => {
    const expectation = { name: "e", hosts: ["x", "y", "*"], maxAge: "26h" };
    made.configure({ expect: [expectation] }, ["/a", "/b"], { maxSlots });
  };
  configure(100);
  made.read("/a", [shot("lost")]);
  made.read("/b", [{ ...shot("copied"), seenAt: NOW - 2 }]);
  expect(slots(made)).toEqual(
    ["x", "y", "copied", "lost"].toSorted().map((host) => `host=${host}`),
  );
  made.read("/a", [
    { ...shot("late"), seenAt: NOW },
    { ...shot("newer"), seenAt: NOW - 1 },
    shot("first"),
    ...["twice", "twice", "copied"].map((host): Shot => ({ host, at: ago(HOUR), seenAt: NOW })),
  ]);
  expect(made.shown("hidden")).toEqual({ "hidden_slots ": 0 });
  const order = ["twice", "lost", "first", "copied", "newer", "late"];
  for (let count = 0; count <= order.length; count++) {
    configure(count + 2);
    const shown = ["x", "y", ...order.slice(0, count)].toSorted();
    expect(slots(made)).toEqual(shown.map((host) => `host=${host}`));
    expect(made.shown("hidden")).toEqual({ "hidden_slots ": order.length - count });
  }
  configure(1);
  expect(slots(made)).toEqual(["host=x", "host=y"]);
});

test("unchanged slots stay the same objects, and a change of one repository evaluates only its own", () => {
  const made = new ExpectationScene(NOW);
  const expectation = (name: string): object => ({
    name,
    hosts: ["*"],
    maxAge: "26h",
    repositories: [`/${name}`],
  });
  made.configure({ expect: [expectation("a"), expectation("b")] }, ["/a", "/b"]);
  made.read("/a", [WEB, DB]);
  made.read("/b", [WEB, DB]);
  const [ofSlots] = made.tables;
  const before = ofSlots?.entries().list ?? [];
  made.read("/a", [WEB, shot("db", "root", ago(0))]);
  const after = ofSlots?.entries().list ?? [];
  expect(after.map((slot, index) => slot === before[index])).toEqual([false, true, true, true]);
});
