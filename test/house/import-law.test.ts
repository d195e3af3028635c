import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import {
  circles,
  edges,
  importGraph,
  longestChain,
  ROOT,
  sourceFiles,
  specifiersIn,
} from "./import-graph.ts";
import { rowOf, rows, violation } from "./import-law.ts";

const IMPORTS = importGraph();

/** Floors: `src`, the two entry points of the instrumentation, which do not import each other, and each folder beside them. */
function floorOf(file: string): string {
  const [root = "", entry = ""] = file.split("/");
  return root === "src" ? root : `${root}/${entry}`;
}

test("no file imports what its row does not allow", () => {
  expect(IMPORTS.flatMap((one) => violation(one) ?? [])).toEqual([]);
});

test("every row is about a source file", () => {
  const used = new Set(sourceFiles().map(rowOf));
  expect(rows().filter((row) => !used.has(row))).toEqual([]);
});

test("no imports form a circle, types and late imports included", () => {
  expect(circles(edges(IMPORTS))).toEqual([]);
});

test("the folders form no circle, and the longest chain of them has at most 8 floors", () => {
  const floors = edges(IMPORTS, floorOf);
  expect(circles(floors)).toEqual([]);
  const chain = longestChain(floors);
  process.stdout.write(`${chain.length} floors: ${chain.join(" → ")}\n`);
  expect(chain.length).toBeLessThanOrEqual(8);
});

test("index.ts and internal.ts only re-export", () => {
  for (const name of ["index.ts", "internal.ts"]) {
    const text = readFileSync(join(ROOT, "instrumentation", name), "utf8");
    const rest = text
      .replaceAll(/^\/\/.*$|^export (?:type )?\{[^}]*\} from "[^"]+";$/gm, "")
      .trim();
    expect({ name, rest }).toEqual({ name, rest: "" });
  }
});

/** Programs in Go, data and recorded repositories, whose layout is not ours. */
const NOT_OURS =
  /^test\/(?:fixtures|golden|peers\/(?:client-golang|exporter-toolkit|otelcol))(?:\/|$)/;

test("no folder has more than 20 files", () => {
  const full = ["src", "instrumentation", "test"]
    .flatMap((root) => foldersOf(root))
    .filter(({ folder, files }) => files > 20 && !NOT_OURS.test(folder));
  expect(full).toEqual([]);
});

function foldersOf(folder: string): readonly { readonly folder: string; readonly files: number }[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  const below = entries.filter(
    (entry) => entry.isDirectory() && !/^(?:node_modules|dist)$/.test(entry.name),
  );
  return [
    { folder, files: entries.filter((entry) => entry.isFile()).length },
    ...below.flatMap(({ name }) => foldersOf(`${folder}/${name}`)),
  ];
}

describe("the law finds", () => {
  const FORBIDDEN = [
    ["core/clock.ts", "http/client.ts"],
    ["http/client.ts", "backends/backend.ts"],
    ["metrics/spec.ts", "collect/store.ts"],
    ["secrets/resolvers.ts", "vault/reference.ts"],
    ["collect/runner.ts", "restic/source.ts"],
    ["vault/vault.ts", "backends/backend.ts"],
    ["backends/context.ts", "backends/s3/s3.ts"],
    ["backends/decorators/counted.ts", "backends/rest/rest.ts"],
    ["backends/object-store/xml.ts", "backends/open.ts"],
    ["backends/child-process/shell-words.ts", "backends/sftp/sftp.ts"],
    ["backends/gs/gs.ts", "backends/swift/swift.ts"],
    ["backends/gs/gs.ts", "backends/location.ts"],
    ["backends/rest/rest.ts", "backends/rclone/rclone.ts"],
    ["backends/local/local.ts", "http/client.ts"],
    ["backends/sftp/sftp.ts", "backends/object-store/xml.ts"],
    ["backends/rclone/rclone.ts", "backends/sftp/client.ts"],
    ["backends/location.ts", "restic/state.ts"],
    ["backends/open.ts", "restic/repository/repository.ts"],
    ["restic/crypto/key.ts", "restic/repository/json.ts"],
    ["restic/repository/repository.ts", "backends/context.ts"],
    ["restic/state-dir/record.ts", "restic/state.ts"],
    ["restic/source.ts", "vault/vault.ts"],
    ["restic/source.ts", "backends/open.ts"],
    ["restic/metrics/tables.ts", "collect/store.ts"],
    ["settings/repository.ts", "vault/settings.ts"],
    ["monitor/monitor.ts", "embedding/config.ts"],
    ["embedding/config.ts", "restic/source.ts"],
    ["embedding/config.ts", "backends/open.ts"],
    ["monitor/monitor.ts", "index.ts"],
    ["embedding/new-folder/file.ts", "http/client.ts"],
    ["new-folder/file.ts", "core/clock.ts"],
    ["core/clock.ts", "../src/log.ts"],
    ["../src/settings/load.ts", "../src/agent.ts"],
    ["../src/settings/load.ts", "core/clock.ts"],
    ["../src/telemetry/resource.ts", "../src/web/server.ts"],
    ["../src/web/server.ts", "../src/telemetry/resource.ts"],
    ["../src/web/server.ts", "monitor/monitor.ts"],
    ["../src/agent.ts", "core/clock.ts"],
  ] as const;

  test.for(FORBIDDEN)("%s imports %s", ([from, to]) => {
    const [file, target] = [join("instrumentation", from), join("instrumentation", to)];
    const specifier =
      file.startsWith("src/") === target.startsWith("src/") ? "./x.ts" : "a-package";
    expect(violation({ file, specifier, target })).toContain(file);
  });

  test.for([
    ["src/web/server.ts", "@opentelemetry/sdk-metrics"],
    ["src/settings/otlp.ts", "@opentelemetry/exporter-prometheus"],
    ["src/agent.ts", "@opentelemetry/api"],
    ["instrumentation/collect/store.ts", "@opentelemetry/api"],
    ["instrumentation/metrics/spec.ts", "@opentelemetry/sdk-metrics"],
    ["instrumentation/backends/sftp/sftp.ts", "node:child_process"],
    ["instrumentation/secrets/file.ts", "node:child_process"],
    ["src/start.ts", "node:child_process"],
    ["src/agent.ts", "yaml/util"],
    ["src/agent.ts", "left-pad"],
  ])("%s imports %s", ([file = "", specifier = ""]) => {
    expect(violation({ file, specifier, target: undefined })).toContain(specifier);
  });

  test("a relative path from one package into the other", () => {
    const wrong = { file: "src/agent.ts", specifier: "../instrumentation/index.ts" };
    expect(violation({ ...wrong, target: "instrumentation/index.ts" })).toContain("by its name");
  });

  test("a circle, and the longest chain beside it", () => {
    const pair = (file: string, target: string) => ({ file, specifier: "./x.ts", target });
    const chain = [pair("a", "b"), pair("b", "c"), pair("a", "c")];
    expect(circles(edges(chain))).toEqual([]);
    expect(longestChain(edges(chain))).toEqual(["a", "b", "c"]);
    expect(circles(edges([...chain, pair("c", "a")]))).toEqual([["a", "b", "c", "a"]]);
  });

  test("every form of an import", () => {
    const text = `import one from "a";
import { two,
  three } from "b";
import type { Four } from "c";
export * from "d";
export type { Five } from "e";
import "f";
const late = await import("g");
type Six = import("h").Six;
// import seven from "no";
/** as in import("no") */
export const eight = "no";
`;
    expect(specifiersIn(text)).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"]);
  });
});
