import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";

import { dashboardOf, labelVariable } from "./dashboard.ts";
import type { PanelSpec, Section } from "./dashboard.ts";

const SET = "host, user";
const U = 'url="$url"';

/** A number that is 0 while all is well. */
function bad(title: string, metric: string): PanelSpec {
  return {
    title,
    type: "stat",
    isBad: true,
    queries: { [title]: `max(${metric}{${U}})` },
  };
}

function stat(title: string, expr: string, unit?: string): PanelSpec {
  return { title, type: "stat", queries: { [title]: expr }, ...(unit !== undefined && { unit }) };
}

function ofSets(title: string, metrics: Readonly<Record<string, string>>): PanelSpec {
  const queries = Object.entries(metrics).map(([suffix, metric]) => [
    `{{host}} {{user}}${suffix}`,
    `max by (${SET}) (${metric}{${U}})`,
  ]);
  return { title, type: "timeseries", queries: Object.fromEntries(queries) };
}

const SECTIONS: readonly Section[] = [
  {
    title: "Now",
    panels: [
      stat("Readable", `min(backup_repository_up{${U}})`),
      stat("Snapshots", `max(backup_repository_snapshots{${U}})`),
      bad("Unreadable snapshots", "backup_repository_unreadable_snapshots"),
      bad("Hidden sets", "backup_repository_hidden_sets"),
      bad("Unexpected sets", "backup_unexpected_sets"),
      stat(
        "Since it was last read",
        `time() - max(backup_repository_last_success_timestamp_seconds{${U}})`,
        "s",
      ),
    ],
  },
  {
    title: "Backup sets",
    panels: [
      {
        title: "Age of the newest snapshot",
        type: "table",
        unit: "s",
        queries: { age: `time() - max by (${SET}) (backup_newest_timestamp{${U}})` },
      },
      {
        title: "Snapshots",
        type: "table",
        queries: { snapshots: `max by (${SET}) (backup_snapshot_count{${U}})` },
      },
      ofSets("Age in days", { "": "backup_days_age" }),
      ofSets("Snapshots, over time", { "": "backup_snapshot_count" }),
      ofSets("Files, and the median before", {
        "": "backup_last_files",
        " (median)": "backup_recent_median_files",
      }),
      ofSets("Bytes, and the median before", {
        "": "backup_last_processed_bytes",
        " (median)": "backup_recent_median_processed_bytes",
      }),
      ofSets("Bytes added, as stored", { "": "backup_last_added_stored_bytes" }),
      ofSets("Duration of the newest backup", { "": "backup_last_duration_seconds" }),
    ],
  },
  {
    title: "Changes",
    panels: [
      stat("Keys", `max(backup_repository_keys{${U}})`),
      bad("Sets that vanished", "backup_repository_vanished_sets"),
      {
        title: "Snapshots added, removed and replaced within a day",
        type: "timeseries",
        width: 16,
        queries: {
          added: `max(increase(backup_repository_snapshots_added_total{${U}}[1d]))`,
          removed: `max(increase(backup_repository_snapshots_removed_total{${U}}[1d]))`,
          "replaced, {{content}}": `max by (content) (increase(backup_repository_snapshots_replaced_total{${U}}[1d]))`,
        },
      },
    ],
  },
  {
    title: "Locks and retention",
    panels: [
      {
        title: "Locks",
        type: "timeseries",
        queries: {
          "{{kind}}": `max by (kind) (backup_repository_locks{${U}})`,
          "{{kind}}, stale": `max by (kind) (backup_repository_stale_locks{${U}})`,
        },
      },
      {
        title: "Snapshots that forget would remove",
        type: "timeseries",
        queries: {
          "{{expectation}}": `max by (expectation) (backup_retention_removable_snapshots{${U}})`,
        },
      },
    ],
  },
  {
    title: "Packs and indexes",
    panels: [
      bad("Missing packs", "backup_repository_missing_packs"),
      bad("Damaged packs", "backup_repository_damaged_packs"),
      bad("Lost packs", "backup_repository_lost_packs"),
      bad("Unreadable index files", "backup_repository_unreadable_index_files"),
      bad("Snapshots that cannot be restored", "backup_repository_unrestorable_snapshots"),
      stat(
        "Since the last inventory",
        `time() - max(backup_repository_inventory_timestamp_seconds{${U}})`,
        "s",
      ),
      {
        title: "Bytes: stored, in the index, in the living snapshots",
        type: "timeseries",
        queries: {
          stored: `max(backup_repository_stored_bytes{${U}})`,
          indexed: `max(backup_repository_indexed_bytes{${U}})`,
          "in snapshots": `max(backup_repository_logical_bytes{${U}})`,
        },
      },
      {
        title: "Packs",
        type: "timeseries",
        queries: {
          packs: `max(backup_repository_packs{${U}})`,
          orphaned: `max(backup_repository_orphan_packs{${U}})`,
        },
      },
    ],
  },
  {
    title: "The agent's work",
    panels: [
      {
        title: "Duration of a collection",
        type: "timeseries",
        queries: { seconds: `max(backup_repository_collection_duration_seconds{${U}})` },
      },
      {
        title: "Requests a second",
        type: "timeseries",
        unit: "reqps",
        queries: {
          "{{operation}}": `sum by (operation) (rate(backup_repository_requests_total{${U}}[$__rate_interval]))`,
        },
      },
    ],
  },
];

/** One repository with its backup sets. */
export function repository(): Dashboard {
  return dashboardOf({
    name: "repository",
    description: "One repository: its backup sets, what changed, who holds a lock.",
    variables: [labelVariable("url", "Repository", "backup_repository_up")],
    sections: SECTIONS,
  });
}
