/** A part of the settings that an alert is about. Without it the alert is left out of the rules. */
export type Need =
  | "prometheus"
  | "otlp"
  | "vault"
  | "expect"
  | "stateDir"
  | "noStateDir"
  | "appendOnly"
  | "locks"
  | "retention"
  | "inventory";

/** One alerting rule of Prometheus, and what the documentation says of it. */
export interface Alert {
  /** `BackupLate`. Two alerts with the same name differ in severity. */
  readonly name: string;
  /** PromQL. Its result has no `instance` and no `otel_scope_*`: of several agents one alert comes. */
  readonly expr: string;
  /** How long the result must be there before the alert fires. Default: it fires at once. */
  readonly for?: string;
  /** The alert does not depend on series that end with the agent: it needs no `keep_firing_for`. */
  readonly outlivesAgent?: true;
  /** critical: data may be lost, or nothing is watched. warning: look at it today. info: for a list. */
  readonly severity: "critical" | "warning" | "info";
  /** One line, a template of Prometheus. */
  readonly summary: string;
  /** What is known, a template of Prometheus. */
  readonly description: string;
  /** What to do. */
  readonly hint: string;
  /** Ends the sentence "fires when": the row of docs/alerting.md. */
  readonly fires: string;
  /** Default: no setting is needed. */
  readonly needs?: Need;
}

/** The alerts about one subject: a rule group. */
export interface AlertGroup {
  /** `sets`: the group is `restic-otel-sets`. */
  readonly name: string;
  /** Its title in the documentation. */
  readonly title: string;
  readonly alerts: readonly Alert[];
}

/** For alerts about an event: how long they fire. Prometheus sees a rare event only as its timestamp. */
export const EVENT_DAYS = 3;

/** The timestamp of an event of a repository, if it was within the last days. @param timestamp a metric, or one with a selector */
export function recent(timestamp: string): string {
  return `time() - max by (url) (${timestamp}) < ${EVENT_DAYS} * 86400`;
}
