import type { Labels } from "../../core/source.ts";
import type { MetricSpec } from "../../metrics/spec.ts";
import type { SetGroup } from "../set-groups.ts";

const GROUP = ["url", "host", "user", "group"] as const;

export const GROUP_METRICS: readonly MetricSpec<SetGroup>[] = [
  {
    name: "backup.group.newest_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description:
      "Time of the newest snapshot of a group of a backup set, Unix seconds; only with groupBy.",
    labels: GROUP,
    points: ({ newest, labels }) => [[newest.time.seconds, labels]],
  },
  {
    name: "backup.group.snapshots",
    kind: "gauge",
    description: "Snapshots in a group of a backup set; only with groupBy.",
    labels: GROUP,
    points: ({ snapshots, labels }) => [[snapshots, labels]],
  },
  {
    name: "backup.group.info",
    kind: "gauge",
    description:
      "1, with the paths or tags of a group, or both, as groupBy says: sorted, with commas, cut at 256 bytes.",
    labels: [...GROUP, "paths", "tags"],
    points: ({ info }) => (info ? [[1, info]] : []),
  },
];

/** The backup sets and groups of a repository that have no series. */
export interface HiddenSets {
  readonly labels: Labels;
  readonly hidden: number;
}

export const HIDDEN_METRICS: readonly MetricSpec<HiddenSets>[] = [
  {
    name: "backup.repository.hidden_sets",
    kind: "gauge",
    description: "Backup sets and groups above maxSets, which have no series.",
    labels: ["url"],
    points: ({ labels, hidden }) => [[hidden, labels]],
  },
];
