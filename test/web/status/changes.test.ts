import { expect, test } from "vitest";

import { statusPage } from "../../../src/web/status/page.ts";
import { parseQuery } from "../../../src/web/status/query.ts";
import type { Status } from "../../../src/web/status/status.ts";
import { HistoryScene } from "../../support/repository/history-scene.ts";
import { statusFor } from "../../support/web/status.ts";

function page(status: Status, query = ""): string {
  const agent = { version: "1.2.3", telemetryPath: "/metrics" };
  return String(statusPage(agent, status, parseQuery(new URLSearchParams(query))).body);
}

/** The rows of the table of changes, as text. */
function rows(body: string): readonly string[] {
  const table = /<details id="changes">[^]*?<\/details>/.exec(body)?.[0] ?? "";
  return [...table.matchAll(/<tr role="row">([^]*?)<\/tr>/g)].slice(1).map(([, row = ""]) =>
    row
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll(/\s+/g, " ")
      .trim(),
  );
}

function changed(host: string): HistoryScene {
  const scene = new HistoryScene();
  scene.keys = new Set(["a"]);
  const [old, newest] = [scene.add({ host }), scene.add({ host, paths: ["/a", "/b&c"] })];
  scene.collect();
  scene.keys = new Set(["a", "c"]);
  scene.collect();
  scene.remove(old, newest);
  scene.add({ host, hour: 0, original: old.id });
  scene.collect();
  return scene;
}

test("/api/status has the last changes of a repository, the gravest of a collection first", () => {
  const scene = changed("web");
  const { repositories } = statusFor([
    { url: "/srv/a", changes: scene.history },
    { url: "/srv/b" },
  ]);
  const [removed, rewritten] = scene.history?.events ?? [];
  const none = { id: null, host: null, user: null, time: null, paths: null };
  expect(repositories.map(({ changes }) => changes)).toEqual([
    {
      added: 1,
      removed: 1,
      retagged: 0,
      rewritten: 1,
      lastRemoval: { time: "2026-01-01T03:00:00.000Z", snapshots: 1, ratio: 0.5 },
      lastNewestRemoval: "2026-01-01T03:00:00.000Z",
      lastRewrite: "2026-01-01T03:00:00.000Z",
      appendOnlyViolated: null,
      keys: 2,
      lastKeyAdded: "2026-01-01T02:00:00.000Z",
      lastKeyRemoved: null,
      events: [
        expect.objectContaining({
          seen: "2026-01-01T03:00:00.000Z",
          event: "newest_snapshot_removed",
          id: removed?.id,
          host: "web",
          user: "root",
          time: "2026-01-01T01:00:00.000Z",
          paths: "/a,/b&c",
          successor: null,
        }),
        expect.objectContaining({
          event: "snapshot_rewritten",
          successor: rewritten?.successor,
        }),
        {
          ...none,
          seen: "2026-01-01T02:00:00.000Z",
          event: "key_added",
          id: "c",
          original: null,
          successor: null,
          snapshots: null,
        },
      ],
    },
    null,
  ]);
});

test("the page lists the last 50 changes of the repositories that it shows, newest first", () => {
  const status = statusFor([
    { url: "/srv/a", changes: changed("web").history },
    { url: "/srv/b", changes: changed("<db>").history },
    { url: "/srv/c" },
  ]);
  const all = rows(page(status));
  expect(all).toHaveLength(6);
  expect(all[0]).toMatch(
    /^newest removed \/srv\/a web root .* [0-9a-f]{8}, of 2026-01-01 01:00 UTC, \/a,\/b&#38;c$/,
  );
  expect(all[2]).toMatch(/^newest removed \/srv\/b &#60;db&#62; root/);
  expect(all[5]).toMatch(/^key added \/srv\/b – – .* c$/);
  expect(rows(page(status, "url=/srv/b"))).toHaveLength(3);
  expect(rows(page(status, "url=/srv/c"))).toEqual([]);
  const many = Array.from({ length: 20 }, (_, index) => ({
    url: `/srv/${index}`,
    changes: changed("web").history,
  }));
  const body = page(statusFor(many));
  expect(rows(body)).toHaveLength(50);
  expect(body).toContain("10 more are in");
});
