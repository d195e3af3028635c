import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  VizLegendOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  defaultDashboardLink,
  FieldColorBuilder,
  FieldColorModeId,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type {
  Dashboard,
  DashboardLink,
  VariableModel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

import { ALL_METRICS, prometheusName } from "../docs.ts";
import { metricsIn } from "../../support/alerts/expression-problems.ts";

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
  /** Columns of 24: each line of panels is full. Default: 4 of a stat, 12 of others. */
  readonly width?: number;
}

/** Panels below a title. */
export interface Section {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

interface DashboardSpec {
  /** `overview`: restic-otel-overview is its address. */
  readonly name: string;
  readonly description: string;
  readonly variables: readonly Builder<VariableModel>[];
  readonly sections: readonly Section[];
}

/** The schema of Grafana 10, which later ones read too. */
const SCHEMA_VERSION = 39;
const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

/** A dashboard with the variables of its own between those of all. */
export function dashboardOf({ name, description, variables, sections }: DashboardSpec): Dashboard {
  const dashboard = new DashboardBuilder(`restic-otel: ${name}`)
    .uid(`restic-otel-${name}`)
    .description(description)
    .tags(["restic-otel"])
    .refresh("1m")
    .time({ from: "now-7d", to: "now" })
    .variables([
      new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"),
      ...variables,
      new TextBoxVariableBuilder("status")
        .label("Status page")
        .defaultValue("http://localhost:9121/"),
    ])
    .links([
      link({
        title: "Dashboards of restic-otel",
        type: DashboardLinkType.Dashboards,
        tags: ["restic-otel"],
        keepTime: true,
      }),
      link({ title: "Status page", url: "${status}", targetBlank: true }),
    ]);
  let id = 0;
  for (const { title, panels } of sections) {
    dashboard.withRow(new RowBuilder(title).id(++id));
    for (const panel of panels) dashboard.withPanel(panelOf(panel).id(++id));
  }
  return { ...dashboard.build(), schemaVersion: SCHEMA_VERSION };
}

/** The builder of a link moves it into a menu. */
function link(changes: Partial<DashboardLink>): Builder<DashboardLink> {
  const { placement: _, ...defaults } = defaultDashboardLink();
  return { build: () => ({ ...defaults, ...changes }) };
}

/** A variable with the values of a label. @param metric that has it */
export function labelVariable(name: string, label: string, metric: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query: `label_values(${metric}, ${name})`, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged);
}

/** A variable with several values of a label, or all. @param metric that has it */
export function labelsVariable(name: string, label: string, metric: string): QueryVariableBuilder {
  return labelVariable(name, label, metric).multi(true).includeAll(true).allValue(".*");
}

function panelOf(spec: PanelSpec): StatBuilder | TableBuilder | TimeSeriesBuilder {
  const { title, type, queries, width = type === "stat" ? 4 : 12 } = spec;
  const [metric] = metricsIn(Object.values(queries)[0] ?? "");
  const found = ALL_METRICS.find((one) => prometheusName(one) === metric?.name);
  const panel = visualization(spec)
    .title(title)
    .datasource(DATASOURCE)
    .height(type === "stat" ? 4 : 8)
    .span(width)
    .unit(spec.unit ?? { s: "s", By: "bytes", "": "none" }[found?.unit ?? ""])
    .targets(Object.entries(queries).map((query, index) => target(type, query, index)));
  return found ? panel.description(found.description) : panel;
}

function visualization({ type, isBad }: PanelSpec): StatBuilder | TableBuilder | TimeSeriesBuilder {
  switch (type) {
    case "stat": {
      const stat = new StatBuilder()
        .graphMode(BigValueGraphMode.None)
        .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]));
      return isBad ? red(stat) : stat;
    }
    case "table":
      return new TableBuilder()
        .withTransformation({ id: "organize", options: { excludeByName: { Time: true } } })
        .overrideByName("url", [TO_REPOSITORY]);
    case "timeseries":
      return new TimeSeriesBuilder().legend(
        new VizLegendOptionsBuilder()
          .showLegend(true)
          .displayMode(LegendDisplayMode.List)
          .placement(LegendPlacement.Bottom),
      );
  }
}

function red(stat: StatBuilder): StatBuilder {
  const steps = [
    { color: "green", value: null },
    { color: "red", value: 1 },
  ];
  return stat
    .colorMode(BigValueColorMode.Background)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
}

function target(
  type: PanelSpec["type"],
  [legend, expr]: readonly [legend: string, expr: string],
  index: number,
): Builder<Dataquery> {
  const query = new DataqueryBuilder()
    .refId(String.fromCharCode(65 + index))
    .expr(expr)
    .legendFormat(legend)
    .format(type === "table" ? PromQueryFormat.Table : PromQueryFormat.TimeSeries);
  return type === "timeseries" ? query.range() : query.instant();
}

/** The address of a repository leads to its dashboard. */
const TO_REPOSITORY = {
  id: "links",
  value: [
    {
      title: "The repository",
      url: "/d/restic-otel-repository?var-url=${__value.text:percentencode}&${__url_time_range}",
    },
  ],
};
