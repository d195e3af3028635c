import { expect, test } from "vitest";

import type { Doubt } from "../../instrumentation/expectations/doubts.ts";
import { overviewOf } from "../../instrumentation/expectations/overview.ts";
import { ExpectationScene, snapshotOf, stateOf } from "../support/expectations/scene.ts";
import { backupSets } from "../../instrumentation/restic/backup-sets.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const OLD = { host: "web", at: NOW / 1000 - 7 * 86_400 };

/** What is not known of the one slot. */
function doubts(made: ExpectationScene): readonly Doubt[] {
  made.book.update(made.store.entries(), made.clock.now());
  const expected = overviewOf(made.book, made.clock.now());
  return expected.slots.flatMap((slot) => expected.doubtsOf(slot));
}

function scene(settings: object = {}): ExpectationScene {
  const made = new ExpectationScene(NOW);
  const entry = { name: "e", hosts: ["web"], maxAge: "26h", ...settings };
  made.configure({ expect: [entry] }, ["/a", "/b"], { disabled: ["/off"] });
  return made;
}

test("a repository that fails, and one that has not been read since a reload", () => {
  const made = scene();
  made.read("/a", []);
  made.fail("/b");
  expect(doubts(made)).toEqual([{ url: "/b", cause: "failing" }]);
  made.read("/b", []);
  expect(doubts(made)).toEqual([]);
  made.configure({ expect: [{ name: "e", hosts: ["web"], maxAge: "26h" }] }, ["/a", "/b", "/c"]);
  expect(doubts(made)).toEqual([{ url: "/c", cause: "unread" }]);
});

test("files that the server refuses, and details that are not read or not kept", () => {
  const made = scene({ paths: ["/home"] });
  made.read("/a", [OLD], 1);
  made.read("/b", [{ ...OLD, isBare: true }]);
  expect(doubts(made)).toEqual([
    { url: "/a", cause: "refused" },
    { url: "/b", cause: "unfilled" },
  ]);
  const { details, ...snapshot } = snapshotOf(OLD);
  const dropped = { ...snapshot, details: details && { ...details, paths: undefined } };
  made.read("/a", []);
  made.readState("/b", stateOf(backupSets("/b", [dropped])));
  expect(doubts(made)).toEqual([{ url: "/b", cause: "lists" }]);
});

test("more copies than repositories that are enabled", () => {
  const made = scene({ copies: 3 });
  made.read("/a", [OLD]);
  made.read("/b", [OLD]);
  expect(doubts(made)).toEqual([{ url: undefined, cause: "copies" }]);
});
