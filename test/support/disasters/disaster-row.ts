import { judge } from "./judge.ts";
import type { Played } from "./judge.ts";
import type { Firing } from "./firing.ts";

/** The row of docs/alerting.md. */
export function rowOf(played: Played, found: Firing = played.found): string {
  const alerts = Object.entries(judge(played, found).after).map(
    ([alert, hours]) => `${alert.replace(/^\w+/, "`$&`")} ${span(hours)}`,
  );
  return `| ${played.disaster.name} | ${alerts.length === 0 ? "none" : alerts.join(", ")} |`;
}

function span(hours: number): string {
  if (hours < 1) return `${Math.round(hours * 60)} min`;
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} d`;
}
