import { dashboardFiles } from "../../house/dashboards/dashboard-files.ts";

/** The parts of a dashboard's JSON that tests look at. */
interface ShownDashboard {
  readonly title: string;
  readonly panels: readonly ShownPanel[];
}

interface ShownPanel {
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly options?: { readonly colorMode?: string };
}

/** The dashboards as Grafana reads them. */
export function shownDashboards(): readonly ShownDashboard[] {
  return dashboardFiles().map(({ expected }): ShownDashboard => JSON.parse(expected));
}

/** Every expression of the dashboards: dashboard and panel, PromQL. */
export function dashboardExpressions(): readonly (readonly [panel: string, expr: string])[] {
  return shownDashboards().flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr }) => [`${title}, ${panel.title}`, expr] as const),
    ),
  );
}
