import { expect } from "vitest";

import type { Status } from "../../../src/web/status/status.ts";
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
    },
    {
      url: "/srv/b",
      error: ["denied", "403"],
      snapshots: [{ host: "b", daysAgo: 99, files: 0, addedBytes: 0 }],
    },
  ]),
  empty: statusFor([]),
  hostile: statusFor([
    { url: `/srv/${EVIL}`, error: ["other", EVIL], damaged: true, snapshots: daily(EVIL, EVIL) },
  ]),
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
