import { expect, test } from "vitest";

import { DEFAULT_DATING } from "../../instrumentation/restic/backdated.ts";
import { contentOf } from "../../instrumentation/restic/content.ts";
import { idOf } from "../support/repository/snapshot-id.ts";
import { snapshotOf } from "../support/repository/snapshot-of.ts";

test("if the rules of the settings change between the steps, the sets are those of the new rules", async () => {
  const snapshots = new Map(
    Array.from({ length: 20_000 }, (_, index) => {
      const fields = { time: "2024-01-02T03:04:05Z", hostname: `h${index % 50}` };
      const id = idOf(String(index));
      return [id, snapshotOf(id, JSON.stringify(fields))] as const;
    }),
  );
  const rulesOf = (name: string) => ({
    nameOf: () => name,
    allowsTime: undefined,
    dating: DEFAULT_DATING,
  });
  const asked = ["old", "new"].map(rulesOf);
  const latest = asked[1] ?? rulesOf("");
  const config = { id: "0".repeat(64), version: 2 } as const;
  const catalogue = { config, snapshots, unreadable: new Map(), completeAt: 0, losses: [] };
  const { sets } = await contentOf("/r", catalogue, undefined, () => asked.shift() ?? latest);
  expect(sets.map(({ labels, members }) => [labels["host"], members.length])).toEqual([
    ["new", 20_000],
  ]);
});
