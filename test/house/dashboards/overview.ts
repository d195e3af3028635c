import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";

import { dashboardOf, labelsVariable } from "./dashboard.ts";
import type { Section } from "./dashboard.ts";

const SLOT = "expectation, host, user";
const SET = "url, host, user";
const E = 'expectation=~"$expectation"';
const U = 'url=~"$url"';

/** 0 if there is no such series. */
function orNone(expr: string): string {
  return `${expr} or vector(0)`;
}

const SECTIONS: readonly Section[] = [
  {
    title: "Now",
    panels: [
      {
        title: "Unmet expectations",
        type: "stat",
        isBad: true,
        queries: {
          unmet: orNone(
            `count(max by (${SLOT}) (backup_expectation_unmet{${E},reason!="unknown"}))`,
          ),
        },
      },
      {
        title: "Not known",
        type: "stat",
        isBad: true,
        queries: {
          unknown: orNone(
            `count(max by (${SLOT}) (backup_expectation_unmet{${E},reason="unknown"}))`,
          ),
        },
      },
      {
        title: "Failing repositories",
        type: "stat",
        isBad: true,
        queries: { failing: `count(min by (url) (backup_repository_up{${U}}) == 0) or vector(0)` },
      },
      {
        title: "Repositories",
        type: "stat",
        queries: { repositories: `count(max by (url) (backup_repository_up{${U}}))` },
      },
      {
        title: "Snapshots",
        type: "stat",
        queries: { snapshots: `sum(max by (url) (backup_repository_snapshots{${U}}))` },
      },
      {
        title: "Since the last collection",
        type: "stat",
        unit: "s",
        queries: { age: "max(time() - backup_job_last_success_unixtime)" },
      },
      {
        title: "Alerts",
        type: "table",
        width: 24,
        queries: {
          alerts:
            'count by (alertname, severity, expectation, host, user, url) (ALERTS{alertname=~"Backup.*",alertstate="firing"})',
        },
      },
    ],
  },
  {
    title: "Expectations",
    panels: [
      {
        title: "Why they are not met",
        type: "table",
        queries: { reasons: `max by (${SLOT}, reason) (backup_expectation_unmet{${E}})` },
      },
      {
        title: "Age of the newest snapshot",
        type: "table",
        unit: "s",
        queries: {
          age: `time() - (max by (${SLOT}) (backup_expected_newest_timestamp_seconds{${E}}) > 0)`,
        },
      },
      {
        title: "Age, as a part of the allowed age",
        type: "timeseries",
        unit: "percentunit",
        queries: {
          "{{expectation}} {{host}} {{user}}": `(time() - (max by (${SLOT}) (backup_expected_newest_timestamp_seconds{${E}}) > 0)) / max by (${SLOT}) (backup_expected_max_age_seconds{${E}})`,
        },
      },
      {
        title: "Unmet, by reason",
        type: "timeseries",
        queries: {
          "{{reason}}": `count by (reason) (max by (${SLOT}, reason) (backup_expectation_unmet{${E}}))`,
        },
      },
    ],
  },
  {
    title: "Repositories",
    panels: [
      {
        title: "Failing repositories",
        type: "table",
        queries: { failures: `max by (url, error_type) (backup_repository_error{${U}})` },
      },
      {
        title: "Sets older than 3 days that no expectation covers",
        type: "table",
        unit: "d",
        queries: {
          age: `min by (${SET}) (backup_days_age{${U}}) > 3 unless on (${SET}) backup_set_judged`,
        },
      },
      {
        title: "Failing, over time",
        type: "timeseries",
        queries: {
          "{{error_type}}": `count by (error_type) (max by (url, error_type) (backup_repository_error{${U}}))`,
        },
      },
      {
        title: "Snapshots, over time",
        type: "timeseries",
        queries: { "{{url}}": `max by (url) (backup_repository_snapshots{${U}})` },
      },
    ],
  },
  {
    title: "Growth",
    panels: [
      {
        title: "Bytes stored",
        type: "timeseries",
        queries: { "{{url}}": `max by (url) (backup_repository_stored_bytes{${U}})` },
      },
      {
        title: "Bytes that prune would remove, about",
        type: "timeseries",
        queries: { "{{url}}": `max by (url) (backup_repository_prunable_bytes{${U}})` },
      },
      {
        title: "Bytes in the newest snapshots",
        type: "timeseries",
        queries: {
          "{{url}}": `sum by (url) (max by (${SET}) (backup_last_processed_bytes{${U}}))`,
        },
      },
      {
        title: "Bytes that the newest snapshots added, as stored",
        type: "timeseries",
        queries: {
          "{{url}}": `sum by (url) (max by (${SET}) (backup_last_added_stored_bytes{${U}}))`,
        },
      },
    ],
  },
];

/** All repositories and expectations. */
export function overview(): Dashboard {
  return dashboardOf({
    name: "overview",
    description: "Whether all backups are as expected.",
    variables: [
      labelsVariable("expectation", "Expectation", "backup_expected_max_age_seconds"),
      labelsVariable("url", "Repository", "backup_repository_up"),
    ],
    sections: SECTIONS,
  });
}
