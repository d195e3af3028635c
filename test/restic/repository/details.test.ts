import { createHash } from "node:crypto";

import { describe, expect, test } from "vitest";

import { sharing } from "../../../instrumentation/restic/repository/sharing.ts";
import type { Details, Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import { idOf } from "../../support/repository/snapshot-id.ts";
import vectors from "../vectors.json" with { type: "json" };
import { snapshotOf } from "../../support/repository/snapshot-of.ts";

const TIME = "2024-01-02T03:04:05Z";

function decode(fields: object, id = "id"): Snapshot {
  return snapshotOf(id, JSON.stringify({ time: TIME, ...fields }));
}

function detailsOf(fields: object): Details {
  const { details } = decode(fields);
  if (!details) throw new Error("a decoded snapshot has details");
  return details;
}

function group(lists: object): string {
  return createHash("sha256").update(JSON.stringify(lists)).digest("hex").slice(0, 12);
}

describe("the details of a snapshot", () => {
  test("of restic 0.18", () => {
    expect(detailsOf(JSON.parse(vectors.v2.snapshot_json))).toEqual({
      original: undefined,
      tree: "696f05685d79ebaa7e59caabf13dd7a6b11a4949bb0d0753b6bf06248606c0af",
      paths: ["/hello.txt"],
      tags: ["nightly", "x y"],
      groups: {
        paths: group({ paths: ["/hello.txt"] }),
        tags: group({ tags: ["nightly", "x y"] }),
        pathsAndTags: group({ paths: ["/hello.txt"], tags: ["nightly", "x y"] }),
      },
      programVersion: "restic 0.18.0",
      utcOffsetMinutes: -210,
    });
  });

  test("that are absent or null, as rustic may write", () => {
    const absent = {
      original: undefined,
      tree: undefined,
      paths: [],
      tags: [],
      groups: {
        paths: group({ paths: [] }),
        tags: group({ tags: [] }),
        pathsAndTags: group({ paths: [], tags: [] }),
      },
      programVersion: undefined,
      utcOffsetMinutes: 0,
    };
    expect(detailsOf({})).toEqual(absent);
    const fields = { original: null, tree: null, paths: null, tags: null, program_version: null };
    expect(detailsOf(fields)).toEqual(absent);
  });

  test("of a copy: the original", () => {
    expect(detailsOf({ original: "a".repeat(64) }).original).toBe("a".repeat(64));
  });

  test.for(["a".repeat(63), "A".repeat(64), 5, {}])("ids that are none are left out: %j", (id) => {
    expect(detailsOf({ original: id, tree: id })).toMatchObject({
      original: undefined,
      tree: undefined,
    });
  });

  test.for([5, "x".repeat(257), []])("a version that is none is left out", (version) => {
    expect(detailsOf({ program_version: version }).programVersion).toBeUndefined();
  });

  test.for([
    ["2024-01-02T03:04:05Z", 0],
    ["2024-01-02T03:04:05.5+05:30", 330],
    ["2024-01-02T03:04:05.123456789-03:30", -210],
    ["2024-01-02T03:04:05-00:00", 0],
  ] as const)("the zone of %s is %i minutes", ([time, minutes]) => {
    // `toBe` distinguishes 0 and -0.
    expect(detailsOf({ time }).utcOffsetMinutes).toBe(minutes);
  });

  test("the order of paths and tags is kept, and does not matter to their groups", () => {
    const one = detailsOf({ paths: ["/b", "/a"], tags: ["y", "x"] });
    const other = detailsOf({ paths: ["/a", "/b"], tags: ["x", "y"] });
    expect(one).toMatchObject({ paths: ["/b", "/a"], tags: ["y", "x"] });
    expect(one.groups).toEqual(other.groups);
    expect(detailsOf({ paths: ["/a,/b"] }).groups.paths).not.toBe(other.groups.paths);
  });

  test.for<readonly [object, string]>([
    [{ paths: "/a" }, 'has "paths" that are not a list'],
    [{ paths: [5] }, 'has "paths" that are not strings'],
    [{ tags: { a: "b" } }, 'has "tags" that are not a list'],
    [{ tags: [null] }, 'has "tags" that are not strings'],
  ])("refuses %j, as restic does", ([fields, message]) => {
    expect(() => decode(fields)).toThrow(new Error(message));
  });
});

describe("snapshots of a repository share", () => {
  test("equal lists and names, with those that are known", () => {
    const fields = { hostname: "h", paths: ["/a", "/b"], tags: ["x"] };
    const known = decode(fields);
    const share = sharing([known]);
    const [a, b] = [share(decode(fields)), share(decode({ ...fields, tags: [] }))];
    expect(a.details?.paths).toBe(known.details?.paths);
    expect(a.details?.tags).toBe(known.details?.tags);
    expect(b.details?.paths).toBe(known.details?.paths);
    expect(b.details?.tags).toEqual([]);
  });

  test("16 MiB of lists: beyond, only the groups stay", () => {
    const share = sharing();
    // 1 MiB each.
    const shared = Array.from({ length: 20 }, (_, index) =>
      share(decode({ paths: [`/${index}-${"p".repeat(2 ** 20)}`], tags: ["x"] }, idOf(`${index}`))),
    );
    const kept = shared.filter(({ details }) => details?.paths !== undefined);
    expect(kept).toHaveLength(15);
    expect(shared.every(({ details }) => details?.tags?.[0] === "x")).toBe(true);
    expect(new Set(shared.map(({ details }) => details?.groups.paths)).size).toBe(20);
    // Only known ones count.
    const next = sharing(shared)(decode({ paths: ["q".repeat(2 ** 20)] }));
    expect(next.details?.paths).toBeUndefined();
    expect(next.details?.groups.paths).toBe(group({ paths: ["q".repeat(2 ** 20)] }));
  });
});
