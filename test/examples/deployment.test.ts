import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { compareSync } from "bcryptjs";
import { expect, onTestFinished, test } from "vitest";
import { parseAllDocuments } from "yaml";

import { parseFlags } from "../../src/settings/flags.ts";
import { readWebConfig } from "../../src/web/config/web-config-file.ts";
import { at, kindsOf, textAt } from "../support/agent/manifest.ts";
import { webConfigFolder } from "../support/web/web-config-folder.ts";
import { requireSystemd } from "../support/agent/peers.ts";
import { settingsOf } from "../support/agent/settings-file.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");

test.skipIf(!requireSystemd())(
  "the systemd units are valid, and their exposure level is low",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "units-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const units = await readdir(join(EXAMPLES, "systemd"));
    for (const unit of units) {
      const text = await readFile(join(EXAMPLES, "systemd", unit), "utf8");
      // systemd-analyze requires an existing program.
      await writeFile(join(folder, unit), text.replace("/usr/bin/restic-otel", process.execPath));
    }
    const paths = units.map((unit) => join(folder, unit));
    const verified = spawnSync("systemd-analyze", ["verify", "--man=no", ...paths], {
      encoding: "utf8",
    });
    expect([verified.status, verified.stdout, verified.stderr]).toEqual([0, "", ""]);
    const service = paths.find((path) => path.endsWith(".service")) ?? "";
    const { stdout } = spawnSync("systemd-analyze", ["security", "--offline=true", service], {
      encoding: "utf8",
    });
    const exposure = Number(
      /Overall exposure level for restic-otel.service: ([\d.]+)/.exec(stdout)?.[1],
    );
    process.stdout.write(`exposure of restic-otel.service: ${exposure}\n`);
    expect(exposure).toBeLessThan(2);
  },
);

test("the agent accepts the command line of the unit", async () => {
  const unit = await readFile(join(EXAMPLES, "systemd/restic-otel.service"), "utf8");
  const [, command = ""] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  const [program, ...args] = command.split(" ");
  expect(program).toBe("/usr/bin/restic-otel");
  expect(parseFlags(args).values.config).toBe("/etc/restic-otel/config.yaml");
});

async function manifests(): Promise<readonly unknown[]> {
  const texts = ["restic-otel.yaml", "service-monitor.yaml"].map((file) =>
    readFile(join(EXAMPLES, "kubernetes", file), "utf8"),
  );
  return (await Promise.all(texts)).flatMap((text) =>
    parseAllDocuments(text).map((document): unknown => {
      expect(document.errors).toEqual([]);
      return document.toJS();
    }),
  );
}

async function manifest(kind: string, name = "restic-otel"): Promise<unknown> {
  const all = await manifests();
  return all.find((one) => at(one, "kind") === kind && at(one, "metadata", "name") === name);
}

test("the references between the manifests are valid", async () => {
  expect(kindsOf(await manifests())).toEqual([
    "ConfigMap restic-otel",
    "Secret restic-otel",
    "Secret restic-otel-login",
    "Deployment restic-otel",
    "Service restic-otel",
    "ServiceMonitor restic-otel",
  ]);
  const label = { "app.kubernetes.io/name": "restic-otel" };
  const deployment = await manifest("Deployment");
  expect(at(deployment, "spec", "selector", "matchLabels")).toEqual(label);
  expect(at(deployment, "spec", "template", "metadata", "labels")).toEqual(label);
  expect(at(await manifest("Service"), "spec", "selector")).toEqual(label);
  const monitor = await manifest("ServiceMonitor");
  expect(at(monitor, "spec", "selector", "matchLabels")).toEqual(label);
  const port = at(await manifest("Service"), "spec", "ports", 0, "name");
  expect(at(monitor, "spec", "endpoints", 0, "port")).toBe(port);
  for (const key of ["username", "password"]) {
    const reference = at(monitor, "spec", "endpoints", 0, "basicAuth", key);
    expect(at(await manifest("Secret", textAt(reference, "name")), "stringData")).toHaveProperty(
      textAt(reference, "key"),
    );
  }
});

test("every container of the pod runs with minimal privileges", async () => {
  const pod = at(await manifest("Deployment"), "spec", "template", "spec");
  expect(at(pod, "securityContext")).toMatchObject({ runAsNonRoot: true, runAsUser: 65_532 });
  expect(at(pod, "automountServiceAccountToken")).toBe(false);
  const containers = at(pod, "containers");
  expect(Array.isArray(containers) && containers.map((one) => at(one, "securityContext"))).toEqual(
    Array.from({ length: 2 }, () => ({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    })),
  );
});

test("the agent accepts the arguments, settings and secrets of the manifests", async () => {
  const container = at(await manifest("Deployment"), "spec", "template", "spec", "containers", 0);
  const args = at(container, "args");
  expect(parseFlags(Array.isArray(args) ? args.map(String) : []).values.config).toBe(
    "/etc/restic-otel/config.yaml",
  );
  const data = at(await manifest("ConfigMap"), "data");
  const settings = await settingsOf(textAt(data, "config.yaml"));
  expect(settings).toMatchObject({
    webConfigFile: "/etc/restic-otel/web.yaml",
    healthWithoutLogin: true,
    warnings: [],
  });
  const [{ password, environment } = {}] = settings.monitor.repositories;
  const files = [password, environment?.["RESTIC_REST_PASSWORD"]].map((one) => JSON.stringify(one));
  for (const name of Object.keys(Object(at(await manifest("Secret"), "stringData"))))
    expect(files.join()).toContain(`/var/run/restic-otel/${name}`);

  const folder = await mkdtemp(join(tmpdir(), "web-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "web.yaml"), textAt(data, "web.yaml"));
  const reading = await readWebConfig(join(folder, "web.yaml"));
  const hash = "loaded" in reading ? (reading.loaded.users.get("prometheus") ?? "") : "";
  const login = at(await manifest("Secret", "restic-otel-login"), "stringData");
  expect(at(login, "username")).toBe("prometheus");
  expect(compareSync(textAt(login, "password"), hash.replace("$2y$", "$2b$"))).toBe(true);
});

test("the web config of docs/http.md is valid", async () => {
  const text = await readFile(join(EXAMPLES, "../docs/http.md"), "utf8");
  const [, web = ""] = /```yaml\n# web\.yaml\n([^]*?)```/.exec(text) ?? [];
  const folder = await webConfigFolder(web);
  onTestFinished(() => folder.remove());
  await cp(folder.path("ca.pem"), folder.path("clients-ca.pem"));
  const reading = await readWebConfig(folder.file);
  expect("loaded" in reading && reading.loaded).toMatchObject({
    http2: true,
    rateLimit: { intervalMs: 100, burst: 50 },
    tls: { clientAuth: "verify" },
  });
});
