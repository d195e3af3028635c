import { spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";

import { parseFlags } from "../../src/settings/flags.ts";
import { at, kindsOf, textAt } from "../support/agent/manifest.ts";
import { requirePeer } from "../support/agent/peers.ts";
import { settingsOf } from "../support/agent/settings-file.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");
const CHART = join(EXAMPLES, "helm/restic-otel");

const helm = requirePeer("helm") ?? "";
const kubernetes = requirePeer("kubernetes") ?? "";

function run(
  program: string,
  args: readonly string[],
  input = "",
): readonly [number | null, string] {
  const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: "utf8" });
  return [status, stdout + stderr];
}

/** The manifests of the chart with these values. */
function rendered(values: object): string {
  const args = ["template", "backups", CHART, "--values", "-"];
  const [status, output] = run(helm, args, JSON.stringify(values));
  expect([status, status === 0 ? "" : output]).toEqual([0, ""]);
  return output;
}

/** Kubernetes reads YAML 1.1: 0440 is octal. */
function parsed(text: string): readonly unknown[] {
  return parseAllDocuments(text, { version: "1.1" }).map((document): unknown => document.toJS());
}

function find(manifests: readonly unknown[], kind: string): unknown {
  return manifests.find((one) => at(one, "kind") === kind);
}

const CONFIG = {
  cron: "@hourly",
  repositories: [
    { repo: "rest:https://h/web", password: { file: "/var/run/secrets/restic-otel/r/web" } },
  ],
};
const ON = { enabled: true };
/** Every value that adds a part to a manifest. */
const EVERYTHING = {
  image: { repository: "registry.example.com/restic-otel", tag: "1" },
  imagePullSecrets: [{ name: "pull" }],
  config: CONFIG,
  secrets: [{ name: "r", secretName: "restic-repositories" }],
  extraArgs: ["--log-format", "json"],
  env: [{ name: "TZ", value: "Europe/Berlin" }],
  state: { enabled: true, storageClassName: "fast" },
  serviceMonitor: { ...ON, labels: { release: "prometheus" } },
  prometheusRule: { ...ON, labels: { release: "prometheus" } },
  podDisruptionBudget: ON,
  nodeSelector: { disk: "ssd" },
  tolerations: [{ key: "a", operator: "Exists" }],
  affinity: { nodeAffinity: {} },
  podAnnotations: { a: "b" },
};
const NOTHING = { state: { enabled: false }, config: { repositories: [] }, resources: {} };

const ALL_KINDS = [
  "ConfigMap",
  "PodDisruptionBudget",
  "PrometheusRule",
  "Service",
  "ServiceMonitor",
  "StatefulSet",
];

describe.skipIf(helm === "" || kubernetes === "")("the Helm chart", () => {
  test("passes helm lint --strict", () => {
    expect(run(helm, ["lint", "--strict", CHART])).toEqual([
      0,
      expect.stringContaining("1 chart(s) linted, 0 chart(s) failed"),
    ]);
  });

  test.for([
    ["its defaults", {}],
    ["everything", EVERYTHING],
    ["nothing", NOTHING],
  ] as const)("gives manifests with known fields only, with %s", ([, values]) => {
    expect(run(kubernetes, [], rendered(values))).toEqual([0, ""]);
  });

  test.for([
    ["its defaults", {}, ["ConfigMap", "Service", "StatefulSet"]],
    ["everything", EVERYTHING, ALL_KINDS],
  ] as const)("makes these manifests with %s", ([, values, kinds]) => {
    expect(kindsOf(parsed(rendered(values))).toSorted()).toEqual(
      kinds.map((kind) => `${kind} backups`),
    );
  });

  test("the agent accepts arguments, settings and files of the rendered pod", async () => {
    const manifests = parsed(rendered(EVERYTHING));
    const pod = at(find(manifests, "StatefulSet"), "spec", "template", "spec");
    const args = at(pod, "containers", 0, "args");
    const flags = parseFlags(Array.isArray(args) ? args.map(String) : []);
    expect(flags.values).toEqual({ config: "/etc/restic-otel/config.yaml", logFormat: "json" });
    const settings = await settingsOf(textAt(find(manifests, "ConfigMap"), "data", "config.yaml"));
    expect(settings.monitor.repositories.map(({ url }) => url)).toEqual(["rest:https://h/web"]);
    expect(at(pod, "containers", 0, "volumeMounts")).toContainEqual({
      name: "secret-r",
      mountPath: "/var/run/secrets/restic-otel/r",
      readOnly: true,
    });
    expect(at(pod, "volumes")).toContainEqual({
      name: "secret-r",
      secret: { secretName: "restic-repositories", defaultMode: 0o440 },
    });
  });

  test("the PrometheusRule has the rules of examples/prometheus", async () => {
    const rules: unknown = parse(await readFile(join(EXAMPLES, "prometheus/alerts.yml"), "utf8"));
    expect(at(find(parsed(rendered(EVERYTHING)), "PrometheusRule"), "spec")).toEqual(rules);
  });
});

describe.skipIf(kubernetes === "")("manifests for Kubernetes", () => {
  test.for(["kubernetes", "scale"])("examples/%s has known fields only", async (folder) => {
    const files = (await readdir(join(EXAMPLES, folder))).filter((file) => file.endsWith(".yaml"));
    let count = 0;
    for (const file of files) {
      const text = await readFile(join(EXAMPLES, folder, file), "utf8");
      if (!text.includes("\nkind: ")) continue;
      count += 1;
      expect([file, ...run(kubernetes, [], text)]).toEqual([file, 0, ""]);
    }
    expect(count).toBeGreaterThan(0);
  });

  test("a misspelt field is noticed", () => {
    const service = "apiVersion: v1\nkind: Service\nspec: { port: [] }\n";
    expect(run(kubernetes, [], service)).toEqual([
      1,
      'strict decoding error: unknown field "spec.port"\n',
    ]);
  });
});
