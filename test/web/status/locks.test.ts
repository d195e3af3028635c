import { expect, test } from "vitest";

import { parseQuery } from "../../../src/web/status/query.ts";
import { statusPage } from "../../../src/web/status/page.ts";
import type { Status } from "../../../src/web/status/status.ts";
import { listItems } from "../../support/web/page-text.ts";
import { holder, lockState } from "../../support/web/lock-state.ts";
import { statusFor } from "../../support/web/status.ts";

function withLocks(...state: Parameters<typeof lockState>): Status {
  return statusFor([{ url: "/srv/a", locks: lockState(...state) }]);
}

/** The items of the list, without tags. */
function items(status: Status): readonly string[] {
  const { body } = statusPage(
    { version: "1", telemetryPath: "/metrics" },
    status,
    parseQuery(new URLSearchParams()),
  );
  return listItems(String(body));
}

test("/api/status and the page say who holds which lock since when, the stale ones first", () => {
  const status = withLocks([
    holder(1),
    holder(3, { hostname: "<db>", username: "" }),
    holder(2, { exclusive: true, pid: 9 }),
    holder(5, { isStale: true }),
  ]);
  expect(status.repositories[0]?.locks).toEqual({
    seen: "2025-12-31T23:00:00.000Z",
    problem: null,
    unreadable: 0,
    holders: [
      expect.objectContaining({ stale: true, since: "2025-12-31T19:00:00.000Z" }),
      {
        kind: "exclusive",
        host: "web",
        user: "root",
        pid: 9,
        since: "2025-12-31T22:00:00.000Z",
        refreshed: "2025-12-31T23:59:00.000Z",
        stale: false,
      },
      expect.objectContaining({ kind: "shared", host: "<db>", user: "" }),
      expect.objectContaining({ kind: "shared", host: "web", stale: false }),
    ],
  });
  expect(items(status)).toEqual([
    "stale shared lock of root on web, pid 7, first seen 2025-12-31 19:00 UTC (5 h ago)",
    "exclusive lock of root on web, pid 9, first seen 2025-12-31 22:00 UTC (2 h ago)",
    "shared lock of &#60;db&#62;, pid 7, first seen 2025-12-31 21:00 UTC (3 h ago)",
    "shared lock of root on web, pid 7, first seen 2025-12-31 23:00 UTC (60 min ago)",
  ]);
});

test("the page shows ten locks, and what could not be read", () => {
  const holders = Array.from({ length: 12 }, (_, pid) => holder(1, { pid }));
  const shown = items(withLocks(holders, { problem: "403 for locks/", unreadable: 3 }));
  expect(shown).toHaveLength(13);
  expect(shown.slice(0, 2)).toEqual(["locks not read: 403 for locks/", "3 unreadable locks"]);
  expect(shown.at(-1)).toBe("2 more locks");
});

test("without locks the page shows nothing of them", () => {
  expect(items(withLocks([]))).toEqual([]);
  expect(items(statusFor([{ url: "/srv/a" }]))).toEqual([]);
  const failed = withLocks([], { problem: "timeout", look: undefined });
  expect(failed.repositories[0]?.locks).toEqual({
    seen: null,
    problem: "timeout",
    unreadable: null,
    holders: [],
  });
});
