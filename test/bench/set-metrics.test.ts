import { expect, test } from "vitest";

import { namesIn } from "./set-metrics.ts";

test("the metrics of backup sets are those with one series for each host", () => {
  const page = [
    "# HELP backup_a A gauge.",
    'backup_a{url="/r",host="host-0",user="root"} 1',
    'backup_a{url="/r",host="host-1",user="root"} 2',
    'backup_b{host="host-0",user="root"} 1',
    'backup_b{host="host-1",user="root"} 1',
    'backup_of_one_set{url="/r",host="host-1"} 1',
    'backup_repository_snapshots{url="/r"} 2',
    'restic_otel_info{my_host="host-0"} 1',
    'restic_otel_info{my_host="host-1"} 1',
  ].join("\n");
  expect(namesIn(page, 2)).toEqual(["backup_a", "backup_b"]);
  expect(() => namesIn("backup_up 1", 2)).toThrow("no metric of backup sets");
});
