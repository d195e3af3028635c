import { dashboardFiles } from "../../house/dashboards/dashboard-files.ts";

/** Every expression of the dashboards: dashboard and panel, PromQL. */
export function dashboardExpressions(): readonly (readonly [panel: string, expr: string])[] {
  return dashboardFiles().flatMap(({ dashboard: { title, panels } }) =>
    panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr }) => [`${title}, ${panel.title}`, expr] as const),
    ),
  );
}
