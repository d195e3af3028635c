import { appendFile, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { expect, onTestFinished, test } from "vitest";

import { startAgent } from "../support/agent/agent.ts";
import type { RunningAgent } from "../support/agent/agent.ts";
import { installed } from "../support/agent/installed.ts";
import { ROOT } from "../support/agent/packed.ts";
import { until } from "../support/core/until.ts";
import { startReceiver } from "../support/otlp/otlp-receiver.ts";
import type { Receiver } from "../support/otlp/otlp-receiver.ts";

const REPOSITORIES = ["web", "nas"].map((name) => ({
  repo: join(ROOT, "examples/repositories", name),
  password: `${name}-password`,
}));

/** Starts a copy of the installed agent in which a module of a package has more code at its end. */
async function startPatched(
  module: string,
  code: string,
): Promise<{ readonly agent: RunningAgent; readonly receiver: Receiver }> {
  const copy = await mkdtemp(join(tmpdir(), "patched-"));
  onTestFinished(() => rm(copy, { recursive: true }));
  await cp(join(installed(), "node_modules"), join(copy, "node_modules"), { recursive: true });
  await appendFile(join(copy, "node_modules/@opentelemetry", module), code);
  const receiver = await startReceiver();
  const agent = await startAgent(
    { repositories: REPOSITORIES, targetInfo: true, otlp: [{ endpoint: receiver.url }] },
    { main: join(copy, "node_modules/restic-otel/dist/main.js") },
  );
  onTestFinished(() => agent.stop());
  return { agent, receiver };
}

interface Point {
  readonly attributes: readonly { readonly key: string }[];
}

/** The points of every metric in a push. */
function pointsIn(body: Buffer): ReadonlyMap<string, readonly Point[]> {
  const { resourceMetrics }: PushBody = JSON.parse(body.toString());
  return new Map(
    resourceMetrics
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics }) => metrics)
      .map(({ name, gauge, sum }) => [name, (gauge ?? sum)?.dataPoints ?? []]),
  );
}

interface PushBody {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string;
        readonly gauge?: { readonly dataPoints: readonly Point[] };
        readonly sum?: { readonly dataPoints: readonly Point[] };
      }[];
    }[];
  }[];
}

const OWN = ["restic_otel_build_info", "restic_otel_otlp_up", "process_cpu_seconds_total"];

test("every family and every sample of /metrics is written by the serializer of the SDK", async () => {
  const { agent } = await startPatched(
    "exporter-prometheus/dist/PrometheusSerializer.mjs",
    `
const { serialize } = PrometheusSerializer.prototype;
PrometheusSerializer.prototype.serialize = function (metrics) {
  return serialize
    .call(this, metrics)
    .replace(/^(# HELP \\S+) /gm, "$1 [patched] ")
    .replace(/^([^#\\n].*)$/gm, "$1 4102444800000");
};
`,
  );
  let text = "";
  await until("the metrics of a collection", async () => {
    text = await (await fetch(`${agent.url}/metrics`)).text();
    return text.includes("\nbackup_days_age{") && text.includes("\nrestic_otel_otlp_up{");
  });
  const lines = text.trimEnd().split("\n");
  const families = lines.filter((line) => line.startsWith("# HELP "));
  const samples = lines.filter((line) => !line.startsWith("#"));
  expect(families.length).toBeGreaterThan(30);
  expect(samples.length).toBeGreaterThan(100);
  for (const name of ["target_info", "backup_days_age", "backup_repository_up", ...OWN])
    expect(families).toContainEqual(expect.stringContaining(`# HELP ${name} `));
  expect(families.filter((line) => !/^# HELP \S+ \[patched] /.test(line))).toEqual([]);
  expect(samples.filter((line) => !line.endsWith(" 4102444800000"))).toEqual([]);
});

test("every series of /metrics and of a push is observed on an instrument of the SDK", async () => {
  const { agent, receiver } = await startPatched(
    "sdk-metrics/dist/ObservableResult.mjs",
    `
const { observe } = BatchObservableResultImpl.prototype;
BatchObservableResultImpl.prototype.observe = function (instrument, value, attributes) {
  observe.call(this, instrument, value, { ...attributes, patched: "yes" });
};
`,
  );
  const { all } = await agent.collect();
  const series = all.filter(({ name }) => name !== "target_info");
  expect(series.length).toBeGreaterThan(100);
  expect(series.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["backup_days_age", "backup_repository_up", ...OWN]),
  );
  expect(series.filter(({ labels }) => labels["patched"] !== "yes")).toEqual([]);

  const pushed = (): ReadonlyMap<string, readonly Point[]> =>
    pointsIn(receiver.received.at(-1)?.body ?? Buffer.from('{"resourceMetrics": []}'));
  await until("a push of a collection", () => pushed().has("backup.days_age"));
  const metrics = pushed();
  expect([...metrics.keys()]).toEqual(
    expect.arrayContaining([
      "backup.repository.up",
      "restic_otel.build_info",
      "process.cpu_seconds",
    ]),
  );
  const patched = { key: "patched", value: { stringValue: "yes" } };
  const isPatched = ({ attributes }: Point): boolean =>
    attributes.some((attribute) => isDeepStrictEqual(attribute, patched));
  const bad = [...metrics].filter(([, points]) => points.length === 0 || !points.every(isPatched));
  expect(bad).toEqual([]);
});
