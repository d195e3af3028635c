import { ALL_METRICS, prometheusName } from "../docs.ts";
import { metricsIn } from "../../support/alerts/expression-problems.ts";

/** The part of Grafana's dashboard JSON (schema version 39) that the examples use. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly schemaVersion: number;
  readonly editable: boolean;
  readonly refresh: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly templating: { readonly list: readonly Variable[] };
  readonly links: readonly Link[];
  readonly panels: readonly Panel[];
}

interface Variable {
  readonly name: string;
  readonly label: string;
  readonly type: "datasource" | "query" | "textbox";
  readonly query: string | { readonly query: string; readonly refId: string };
  readonly datasource?: typeof DATASOURCE;
  readonly refresh?: number;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
  readonly sort?: number;
}

interface Link {
  readonly title: string;
  readonly type: "dashboards" | "link";
  readonly tags: readonly string[];
  readonly url?: string;
  readonly keepTime?: boolean;
  readonly targetBlank?: boolean;
}

interface Panel {
  readonly id: number;
  readonly type: "stat" | "timeseries" | "table" | "row";
  readonly title: string;
  readonly description?: string;
  readonly datasource?: typeof DATASOURCE;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: object;
  readonly options?: object;
  readonly transformations?: readonly object[];
}

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly instant: boolean;
  readonly range: boolean;
  readonly format: "table" | "time_series";
}

/** One panel, as the dashboards describe it. */
export interface PanelSpec {
  readonly title: string;
  readonly type: "stat" | "timeseries" | "table";
  /** PromQL by legend: a text with `{{label}}`. A table has one. */
  readonly queries: Readonly<Record<string, string>>;
  /** A unit of Grafana. Default: that of the first metric. */
  readonly unit?: string;
  /** A stat is red from 1 on. */
  readonly isBad?: true;
  /** Columns of 24. Default: 4 of a stat, 12 of others. */
  readonly width?: number;
}

/** Panels below a title. */
export interface Section {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

const DATASOURCE = { type: "prometheus", uid: "${datasource}" } as const;

/** Both dashboards have these fields. */
export const COMMON = {
  tags: ["restic-otel"],
  schemaVersion: 39,
  editable: true,
  refresh: "1m",
  time: { from: "now-7d", to: "now" },
} as const;

export const DATASOURCE_VARIABLE: Variable = {
  name: "datasource",
  label: "Prometheus",
  type: "datasource",
  query: "prometheus",
};

/** The address of the status page. */
export const STATUS_VARIABLE: Variable = {
  name: "status",
  label: "Status page",
  type: "textbox",
  query: "http://localhost:9121/",
};

/** Values of a label. @param metric that has it */
export function labelVariable(
  name: string,
  label: string,
  metric: string,
  multi: boolean,
): Variable {
  return {
    name,
    label,
    type: "query",
    datasource: DATASOURCE,
    query: { query: `label_values(${metric}, ${name})`, refId: name },
    // On load and when the time range changes.
    refresh: 2,
    multi,
    includeAll: multi,
    ...(multi && { allValue: ".*" }),
    sort: 1,
  };
}

export const LINKS: readonly Link[] = [
  { title: "Dashboards of restic-otel", type: "dashboards", tags: ["restic-otel"], keepTime: true },
  { title: "Status page", type: "link", tags: [], url: "${status}", targetBlank: true },
];

const HEIGHTS = { stat: 4, timeseries: 8, table: 8 } as const;
const COLUMNS = 24;

/** Lays out the sections from left to right and from top to bottom. */
export function layOut(sections: readonly Section[]): readonly Panel[] {
  const panels: Panel[] = [];
  let y = 0;
  for (const { title, panels: specs } of sections) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    });
    y += 1;
    let [x, height] = [0, 0];
    for (const spec of specs) {
      const { type, width: w = type === "stat" ? 4 : 12 } = spec;
      if (x + w > COLUMNS) [x, y, height] = [0, y + height, 0];
      const h = HEIGHTS[type];
      panels.push(panelOf(spec, panels.length + 1, { x, y, w, h }));
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return panels;
}

function panelOf(spec: PanelSpec, id: number, gridPos: Panel["gridPos"]): Panel {
  const { title, type, queries, isBad } = spec;
  const [metric] = metricsIn(Object.values(queries)[0] ?? "");
  const found = ALL_METRICS.find((one) => prometheusName(one) === metric?.name);
  const isTable = type === "table";
  return {
    id,
    type,
    title,
    ...(found && { description: found.description }),
    datasource: DATASOURCE,
    gridPos,
    targets: Object.entries(queries).map(([legendFormat, expr], index) => ({
      refId: String.fromCharCode(65 + index),
      expr,
      legendFormat,
      instant: type !== "timeseries",
      range: type === "timeseries",
      format: isTable ? "table" : "time_series",
    })),
    fieldConfig: {
      defaults: {
        unit: spec.unit ?? { s: "s", By: "bytes", "": "none" }[found?.unit ?? ""],
        ...(isBad && {
          color: { mode: "thresholds" },
          thresholds: {
            mode: "absolute",
            steps: [
              { color: "green", value: null },
              { color: "red", value: 1 },
            ],
          },
        }),
      },
      overrides: isTable ? [URL_LINK] : [],
    },
    ...(isTable && {
      transformations: [{ id: "organize", options: { excludeByName: { Time: true } } }],
    }),
    ...(type === "stat" && { options: { colorMode: isBad ? "background" : "value" } }),
  };
}

/** The address of a repository leads to its dashboard. */
const URL_LINK = {
  matcher: { id: "byName", options: "url" },
  properties: [
    {
      id: "links",
      value: [
        {
          title: "The repository",
          url: "/d/restic-otel-repository?var-url=${__value.text:percentencode}&${__url_time_range}",
        },
      ],
    },
  ],
};
