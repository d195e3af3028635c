import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { PASSWORD, writeRepository } from "../../bench/repositories.ts";
import {
  application,
  COMMONJS_APPLICATION,
  COMPILER_OPTIONS,
  KINDS,
  LOADED_PROGRAM,
} from "../../support/agent/embedding-application.ts";
import { tarball } from "../../support/agent/install.ts";
import { installed } from "../../support/agent/installed.ts";
import { npm, output, ROOT, sizeMib } from "../../support/agent/packed.ts";
import { mayUseRegistry } from "../../support/agent/peers.ts";

/** The latest release of each major version of the SDK, and one of 2.x before NodeSDK changed, with the matching packages. */
const SDKS = [
  [
    "1.x",
    { api: "1.9.0", "sdk-metrics": "1.30.1", "sdk-node": "0.57.2", instrumentation: "0.57.2" },
  ],
  [
    "2.0",
    { api: "1.9.0", "sdk-metrics": "2.0.0", "sdk-node": "0.200.0", instrumentation: "0.200.0" },
  ],
  [
    "2.x",
    { api: "1.9.1", "sdk-metrics": "2.12.0", "sdk-node": "0.223.0", instrumentation: "0.223.0" },
  ],
  [
    "3.x",
    { api: "1.10.0", "sdk-metrics": "3.1.0", "sdk-node": "0.301.0", instrumentation: "0.301.0" },
  ],
] as const;

/** NodeSDK has the option metricReaders since 0.204. */
function takesList(version: string): boolean {
  return Number(version.split(".")[1]) >= 204;
}

const WEB = join(ROOT, "examples/repositories/web");
const FEW = 6;
/** More than the SDK's default limit of 2,000 series per instrument. */
const MANY = 2500;

describe.skipIf(!mayUseRegistry())("with the packed packages in an empty folder,", () => {
  let folder: string;
  let packages: Readonly<Record<string, string>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "embedding-"));
    packages = Object.fromEntries(
      (["restic-otel", "restic-otel-instrumentation"] as const).map((name) => [
        name,
        `file:${join(installed(), tarball(name))}`,
      ]),
    );
    writeRepository(join(folder, "many"), MANY, MANY);
  });

  afterAll(() => rm(folder, { recursive: true }));

  /** Installs packages and writes files in a new folder; returns its path. */
  async function install(
    name: string,
    dependencies: Readonly<Record<string, string>>,
    files: Readonly<Record<string, string>>,
  ): Promise<string> {
    const app = join(folder, name);
    await cp(join(ROOT, "examples"), app, {
      recursive: true,
      filter: (path) => !/repositories|demo/.test(path),
    });
    const manifest = {
      type: "module",
      dependencies: { ...dependencies, typescript: "7.0.2", "@types/node": "^24" },
    };
    await writeFile(join(app, "package.json"), JSON.stringify(manifest));
    for (const [file, text] of Object.entries(files)) await writeFile(join(app, file), text);
    await npm(["install", "--no-audit", "--no-fund", "--prefer-offline"], app);
    return app;
  }

  function node(cwd: string, ...args: readonly string[]): Promise<string> {
    const env = {
      PATH: process.env["PATH"],
      REPO: WEB,
      MANY: join(folder, "many"),
      MANY_PASSWORD: PASSWORD,
      RESTIC_REPOSITORY: WEB,
      RESTIC_PASSWORD: "web-password",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
    };
    return output(process.execPath, args, cwd, env);
  }

  describe.for(SDKS)("an application with SDK %s", ([major, { api, ...others }]) => {
    let app: string;

    beforeAll(async () => {
      const name = "restic-otel-instrumentation";
      // Types of NodeSDK before 0.204 are incorrect with this option.
      const exactOptionalPropertyTypes = takesList(others["sdk-node"]);
      const compilerOptions = { ...COMPILER_OPTIONS, exactOptionalPropertyTypes };
      const sdk = Object.entries({ api, ...others }).map(
        ([part, version]) => [`@opentelemetry/${part}`, version] as const,
      );
      app = await install(
        major,
        { [name]: packages[name] ?? "", ...Object.fromEntries(sdk) },
        {
          "app.mts": application(takesList(others["sdk-node"])),
          "app.cjs": COMMONJS_APPLICATION,
          "loaded.mjs": LOADED_PROGRAM,
          "tsconfig.json": JSON.stringify({ compilerOptions, include: ["*.mts"] }),
        },
      );
      await node(app, "node_modules/typescript/bin/tsc");
    }, 300_000);

    test("has one copy of the API and of the SDK (and prints the sizes)", async () => {
      const tree = await npm(["ls"], app);
      const modules = join(app, "node_modules");
      const weight = async (name: string): Promise<string> =>
        `${name} ${(await sizeMib(join(modules, name))).toFixed(1)} MiB`;
      const weights = await Promise.all(
        ["restic-otel-instrumentation", "croner", "@opentelemetry"].map(weight),
      );
      process.stdout.write(`SDK ${major}: ${tree}${weights.join(", ")}\n`);
      const list = await npm(
        ["ls", "@opentelemetry/api", "@opentelemetry/sdk-metrics", "-p", "--all"],
        app,
      );
      const copies = [...new Set(list.trim().split("\n"))];
      expect(copies.filter((path) => path.endsWith("@opentelemetry/api"))).toHaveLength(1);
      expect(copies.filter((path) => path.endsWith("sdk-metrics"))).toHaveLength(1);
    });

    test.for(KINDS)("gets all metrics by %s", async (kind) => {
      expect(JSON.parse(await node(app, "out/app.mjs", kind))).toEqual({
        first: { sets: FEW + MANY, counted: 2 },
        // A reader of the SDK keeps the counter of a removed repository.
        later: { sets: FEW, counted: kind === "producer" ? 1 : 2 },
        known: 1,
      });
    });

    test("can load the package by require", async () => {
      expect(await node(app, "app.cjs")).toBe(`${FEW}\n`);
    });

    test.for(["by-hand.mjs", "node-sdk.mjs"])("can run the example %s", async (example) => {
      const printed = await node(app, join("embedding", example));
      expect(printed).toContain("1 repositories, 0 failed");
      expect(printed).toContain("backup.days_age");
    });

    test("loads no backend, HTTP client or Vault by the import", async () => {
      const { imported, collected } = JSON.parse(await node(app, "loaded.mjs"));
      expect(imported).toEqual([]);
      expect(collected).toContain("restic-otel-instrumentation/dist/backends/local/local.js");
    });
  });

  describe("an agent", () => {
    let app: string;

    beforeAll(async () => {
      const options = {
        ...COMPILER_OPTIONS,
        noEmit: true,
        allowImportingTsExtensions: true,
      };
      app = await install("agent", packages, {
        "tsconfig.json": JSON.stringify({ compilerOptions: options, include: ["own-*/*.ts"] }),
      });
    }, 300_000);

    test("with a main module of its own passes strict type checks and runs", async () => {
      expect(await node(app, "node_modules/typescript/bin/tsc")).toBe("");
      const printed = await node(app, "own-source/main.ts", "--once");
      expect(printed).toContain('tree_up{path="."} 1');
      expect(printed).toContain("backup_repository_up{");
    });

    test("prints its version, and has a manual page", async () => {
      expect(await output("npx", ["restic-otel", "--version"], app)).toMatch(/^restic-otel \d/);
      const manifest = await readFile(join(app, "node_modules/restic-otel/package.json"), "utf8");
      const { man }: { readonly man: readonly string[] } = JSON.parse(manifest);
      expect(await readFile(join(app, "node_modules/restic-otel", man[0] ?? ""), "utf8")).toContain(
        ".TH RESTIC-OTEL 1",
      );
    });

    test("runs as restic-otel", async () => {
      expect(
        await output("npx", ["restic-otel", "--once"], app, {
          ...process.env,
          RESTIC_REPOSITORY: WEB,
          RESTIC_PASSWORD: "web-password",
        }),
      ).toContain("backup_repository_up{");
    });
  });
});
