import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";

import { parseFlags } from "../../src/settings/flags.ts";
import { readShard } from "../../src/settings/shard.ts";
import { ALL_METRICS, prometheusName } from "../house/docs.ts";
import { at, kindsOf, textAt } from "../support/agent/manifest.ts";
import { settingsOf } from "../support/agent/settings-file.ts";

const SCALE = join(import.meta.dirname, "../../examples/scale");
const NAME = { "app.kubernetes.io/name": "restic-otel" };

const read = (file: string): Promise<string> => readFile(join(SCALE, file), "utf8");

async function manifests(): Promise<readonly unknown[]> {
  return parseAllDocuments(await read("kubernetes.yaml")).map((document): unknown => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    return document.toJS();
  });
}

async function manifest(kind: string, name = "restic-otel"): Promise<unknown> {
  const all = await manifests();
  return all.find((one) => at(one, "kind") === kind && at(one, "metadata", "name") === name);
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

test("the references between the manifests are valid", async () => {
  expect(kindsOf(await manifests())).toEqual([
    "ConfigMap restic-otel",
    "Secret restic-otel",
    "ServiceAccount restic-otel",
    "Service restic-otel",
    "PodDisruptionBudget restic-otel",
    "StatefulSet restic-otel-a",
    "StatefulSet restic-otel-b",
  ]);
  expect(at(await manifest("Service"), "spec", "selector")).toEqual(NAME);
  expect(at(await manifest("PodDisruptionBudget"), "spec")).toEqual({
    maxUnavailable: 1,
    selector: { matchLabels: NAME },
  });
  for (const replica of ["a", "b"]) {
    const spec = at(await manifest("StatefulSet", `restic-otel-${replica}`), "spec");
    const labels = { ...NAME, replica };
    expect(at(spec, "selector", "matchLabels")).toEqual(labels);
    expect(at(spec, "template", "metadata", "labels")).toEqual(labels);
    expect(at(spec, "serviceName")).toBe("restic-otel");
    expect(at(spec, "template", "spec", "serviceAccountName")).toBe("restic-otel");
  }
});

test("the two agents of a shard differ only in their names", async () => {
  const [, a, b] = (await read("kubernetes.yaml")).split(/^(?=---\napiVersion: apps\/v1\n)/m);
  expect(a).toContain("name: restic-otel-a\n");
  expect(
    a?.replaceAll("restic-otel-a", "restic-otel-b").replaceAll("replica: a", "replica: b"),
  ).toBe(b);
});

test("each shard has two agents, and each agent is scraped", async () => {
  const names: string[] = [];
  const shards: unknown[] = [];
  for (const replica of ["a", "b"]) {
    const set = await manifest("StatefulSet", `restic-otel-${replica}`);
    const args = list(at(set, "spec", "template", "spec", "containers", 0, "args")).map(String);
    const { shard } = parseFlags(args).values;
    for (let index = 0; index < Number(at(set, "spec", "replicas")); index++) {
      const pod = `${textAt(set, "metadata", "name")}-${index}`;
      shards.push(readShard(shard, pod));
      names.push(`${replica} ${pod}.restic-otel:9121`);
    }
  }
  const each = Array.from({ length: 5 }, (_, index) => ({ index, total: 5 }));
  expect(shards).toEqual([...each, ...each]);
  const groups: unknown = parse(await read("agents.yml"));
  expect(
    list(groups).flatMap((group) =>
      list(at(group, "targets")).map(
        (target) => `${textAt(group, "labels", "replica")} ${String(target)}`,
      ),
    ),
  ).toEqual(names);
  // The rules contain the number of shards too.
  expect((await read("pairs.yml")).match(/(?:== |< )5\b/g)).toEqual(["== 5", "== 5", "< 5"]);
});

test("the agent accepts the settings of the manifests, and uses every secret and volume", async () => {
  const set = await manifest("StatefulSet", "restic-otel-a");
  const pod = at(set, "spec", "template", "spec");
  const container = at(pod, "containers", 0);
  const settings = await settingsOf(textAt(await manifest("ConfigMap"), "data", "config.yaml"));
  expect(settings).toMatchObject({ warnings: [], monitor: { spread: true } });
  const text = textAt(await manifest("ConfigMap"), "data", "config.yaml");
  const mounts = list(at(container, "volumeMounts"));
  const mountOf = (path: string): string =>
    mounts
      .map((mount) => [textAt(mount, "mountPath"), textAt(mount, "name")] as const)
      .find(([folder]) => path.startsWith(`${folder}/`))?.[1] ?? "nowhere";
  const secret = Object.keys(Object(at(await manifest("Secret"), "stringData")));
  const files = [...text.matchAll(/\/var\/run\/restic-otel\/([\w.-]+)/g)].map(([, file]) => file);
  expect(new Set(files)).toEqual(new Set(secret));
  expect(mountOf("/var/run/restic-otel/rest.password")).toBe("secrets");
  expect(mountOf("/etc/restic-otel/config.yaml")).toBe("settings");
  expect(mountOf("/var/run/secrets/tokens/vault")).toBe("vault-token");
  expect(mountOf(/stateDir: (\S+)/.exec(text)?.[1] ?? "")).toBe("state");
  // stateDir is below the mount: the agent creates it with access for its own user only.
  expect(mounts.map((mount) => at(mount, "mountPath"))).not.toContain("/var/lib/restic-otel/state");
  const volumes = [...list(at(pod, "volumes")), ...list(at(set, "spec", "volumeClaimTemplates"))];
  expect(
    new Set(volumes.map((volume) => at(volume, "name") ?? at(volume, "metadata", "name"))),
  ).toEqual(new Set(mounts.map((mount) => at(mount, "name"))));
  expect(at(pod, "securityContext")).toMatchObject({ runAsNonRoot: true, fsGroup: 65_532 });
  expect(at(container, "securityContext")).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
});

test("a rule aggregates each backup gauge by its labels", async () => {
  const rules = list(at(parse(await read("pairs.yml")), "groups", 0, "rules"));
  const recorded = new Map(rules.map((rule) => [at(rule, "record"), textAt(rule, "expr")]));
  // The secrets of each agent are its own.
  const own = new Set(["backup_repository_secret_resolved_timestamp_seconds"]);
  const gauges = ALL_METRICS.filter(({ kind }) => kind === "gauge")
    .map((metric) => ({ name: prometheusName(metric), labels: metric.labels }))
    .filter(({ name }) => name.startsWith("backup_") && !own.has(name));
  expect(gauges.length).toBeGreaterThan(15);
  for (const { name, labels } of gauges) {
    const by = labels.length === 0 ? "" : `by (${labels.join(", ")}) (`;
    expect([name, recorded.get(name)]).toEqual([name, expect.stringContaining(by)]);
  }
});

test("the memory request of an agent exceeds the measured peak of a shard", async () => {
  const [, peakMib = ""] =
    /^\| restic-otel, 2000 repositories \|.* (\d+) \|$/m.exec(await read("README.md")) ?? [];
  const set = await manifest("StatefulSet", "restic-otel-a");
  const resources = at(set, "spec", "template", "spec", "containers", 0, "resources");
  const [, requestedMib = ""] = /^(\d+)Mi$/.exec(textAt(resources, "requests", "memory")) ?? [];
  expect(Number(peakMib)).toBeGreaterThan(0);
  expect(Number(requestedMib)).toBeGreaterThan(Number(peakMib));
});

test("the agent accepts the OTLP settings of the page", async () => {
  const [, otlp = ""] = /```yaml\n(otlp:[^]*?)```/.exec(await read("README.md")) ?? [];
  const config = textAt(await manifest("ConfigMap"), "data", "config.yaml");
  const settings = await settingsOf(`${config}\n${otlp}`);
  expect(settings.otlp.map(({ url }) => url)).toEqual([
    "http://restic-otel-collector:4318/v1/metrics",
  ]);
});

test("the page links to exactly the files of the folder", async () => {
  const named = [...(await read("README.md")).matchAll(/\]\(([\w.-]+)\)/g)].map(([, file]) => file);
  const files = (await readdir(SCALE)).filter((file) => file !== "README.md");
  expect(new Set(named)).toEqual(new Set(files));
});
