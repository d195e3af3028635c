import { expect } from "vitest";

import type { Status } from "../../../src/web/status/status.ts";
import { holder, lockState } from "./lock-state.ts";
import { statusFor } from "./status.ts";

const daily = (host: string, user: string, last = 0, step = 1) =>
  Array.from({ length: 25 }, (_, index) => ({
    host,
    user,
    daysAgo: last + index * step + 0.1,
    addedBytes: 2 ** 30,
  }));
/** A name with markup and a control character. */
export const EVIL = `"><img src=x onerror="document.title='broken in'"><script>document.title='broken in'</script>\u202e&amp;`;
const LONG = "a-host-with-a-long-name.internal.example.com";
/** Expectations that are late, never seen, without a copy, paused and met; the repository of the copies fails. */
export const EXPECTED = statusFor(
  [
    {
      url: "/srv/backups",
      snapshots: [
        ...daily("web-1", "root"),
        ...daily("web-2", "root", 12),
        ...daily("db-1", "postgres"),
        ...daily("laptop", "anna", 70, 3),
        ...daily("old-1", "root", 300),
        ...daily("old-2", "root", 400),
      ],
    },
    { url: "/srv/copy", error: ["unreachable", "no route to host"] },
  ],
  [],
  {
    expect: [
      { name: "servers", hosts: ["web-1", "web-2", "web-9"], users: ["root"], maxAge: "26h" },
      { name: "copies", hosts: ["db-1"], maxAge: "26h", copies: 2 },
      { name: "office", hosts: ["laptop"], maxAge: "9d", paused: { until: "2026-01-15" } },
    ],
    retired: [{ hosts: ["old-*"], since: "2025-10-01" }],
  },
);
/** States of the status page by name. */
export const PAGE_STATES: Readonly<Record<string, Status>> = {
  green: statusFor([
    {
      url: "rest:https://backups.example.com/web",
      snapshots: [
        ...daily("web-1", "root"),
        ...daily("web-2", "root"),
        ...daily("db-1", "postgres"),
      ],
    },
    {
      url: "s3:s3.eu-central-1.amazonaws.com/backups/office",
      snapshots: daily("laptop", "anna", 0, 2),
    },
  ]),
  late: statusFor([
    {
      url: "/srv/backups",
      snapshots: [
        ...daily("web-1", "root"),
        ...daily("web-2", "root", 12),
        ...daily("web-22", "root", 1),
      ],
    },
  ]),
  failing: statusFor(
    [
      { url: "/srv/fine", snapshots: daily("web-1", "root") },
      {
        url: "/srv/nas",
        error: ["corrupt", "snapshot 3f2a is damaged"],
        damaged: true,
        snapshots: daily("nas", "UNKNOWN"),
      },
      {
        url: "sftp:backup@store.example.com:/restic/laptop",
        error: ["wrong_password", "none of 2 keys opens with this password"],
        snapshots: daily("laptop", "anna", 70, 3),
      },
    ],
    ["rclone:drive:photos"],
  ),
  odd: statusFor([
    {
      url: "s3:s3.eu-central-1.amazonaws.com/backups/a/long/path/to/the/repository/of/the/office",
      snapshots: [
        ...daily("a-host-with-a-long-name.internal.example.com", "a-user-with-a-long-name"),
        { host: "camera", daysAgo: -3, addedBytes: 1 },
        { host: "nas", user: "UNKNOWN", daysAgo: 0.2, files: 0, addedBytes: 0 },
        { host: "old", daysAgo: 1234, files: 0, addedBytes: 0 },
        { host: "web-1", daysAgo: 0.5 },
      ],
      locks: lockState([holder(70, { isStale: true, hostname: LONG }), holder(1)]),
    },
    {
      url: "/srv/b",
      error: ["denied", "403"],
      snapshots: [{ host: "b", daysAgo: 99, files: 0, addedBytes: 0 }],
    },
  ]),
  empty: statusFor([]),
  hostile: statusFor([
    {
      url: `/srv/${EVIL}`,
      error: ["other", EVIL],
      damaged: true,
      snapshots: daily(EVIL, EVIL),
      locks: lockState([holder(1, { hostname: EVIL, username: EVIL })], { problem: EVIL }),
    },
  ]),
  expected: EXPECTED,
  "odd expectations": statusFor(
    [
      {
        url: "/srv/a",
        snapshots: [
          ...daily(LONG, "a-user-with-a-long-name", 5),
          { host: LONG, user: "b", daysAgo: 0.5, files: 0, addedBytes: 0 },
          { host: "camera", daysAgo: -3, addedBytes: 1 },
          ...daily("nas", "UNKNOWN"),
        ],
      },
    ],
    [],
    {
      expect: [
        {
          name: "e".repeat(64),
          hosts: [LONG, "never"],
          users: ["*"],
          maxAge: "26h",
          minFiles: 5,
          minSnapshots: 50,
        },
        { name: "none", hosts: ["x*"], maxAge: "26h" },
        { name: "camera", hosts: ["camera"], maxAge: "26h" },
        { name: "nas", hosts: ["nas"], maxAge: "26h" },
      ],
    },
  ),
  "expected periods": statusFor(
    [
      {
        url: "/srv/a",
        snapshots: [
          ...daily("web-1", "root", 0, 1.5),
          ...daily(LONG, "root"),
          ...daily("nas", "b"),
        ],
      },
    ],
    [],
    { expect: [{ name: "e", hosts: ["*"], maxAge: "26h", retention: { daily: 9, weekly: 5 } }] },
  ),
  "hostile expectations": statusFor([{ url: "/srv/a", snapshots: daily(EVIL, EVIL, 9) }], [], {
    expect: [{ name: "all", hosts: ["*"], users: ["*"], maxAge: "1d" }],
    retired: [{ hosts: ["nowhere"], since: "2025-10-01" }],
  }),
  many: statusFor([
    {
      url: "rest:https://backups.example.com/all",
      snapshots: Array.from({ length: 10_000 }, (_, index) => ({
        host: `host-${String(index).padStart(5, "0")}`,
        daysAgo: (index % 97) / 20 + 0.05,
      })),
    },
  ]),
};

export function statusOf(name: string): Status {
  return PAGE_STATES[name] ?? expect.fail(name);
}
