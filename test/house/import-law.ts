import type { Import } from "./import-graph.ts";

/**
 * Folder or file → what it may import beside its own folder. A row counts for the folders below that have none.
 * Paths are below `instrumentation/` unless they begin with `src`; `*` is any folder there.
 */
const FOLDERS: Readonly<Record<string, string>> = {
  core: "",
  "{http,metrics,secrets}": "core",
  collect: "core metrics",
  vault: "core http metrics secrets",
  backends: "core http",
  "backends/{child-process,decorators,object-store}": "core http backends/{backend,context}.ts",
  "backends/{azure,b2,gs,s3,swift}":
    "core http backends/{backend,context,http-options}.ts backends/object-store",
  "backends/rest": "core http backends/{backend,context,http-options}.ts",
  "backends/local": "core backends/{backend,context,pack-folders}.ts",
  "backends/sftp": "core backends/{backend,context,pack-folders}.ts backends/child-process",
  "backends/rclone": "core http backends/{backend,context}.ts backends/{child-process,rest}",
  "backends/{location,open}.ts": "core backends/*",
  "restic/crypto": "core",
  "restic/repository": "core backends/backend.ts restic/crypto",
  "restic/changes": "core restic/repository",
  "restic/inventory": "core backends/backend.ts restic/crypto restic/repository",
  "restic/state-dir": "core restic/{inventory,repository}",
  "restic/locks": "core backends/backend.ts restic/repository restic/state-dir/fields.ts",
  restic: "core collect metrics backends/{backend,context}.ts restic/{changes,locks,repository}",
  "restic/metrics": "core metrics restic restic/{inventory,repository}",
  settings: "core secrets backends",
  expectations: "core metrics restic/state.ts restic/repository/timestamp.ts settings",
  monitor:
    "core collect metrics expectations secrets vault settings backends restic restic/{inventory,metrics,state-dir}",
  embedding: "core collect metrics secrets vault settings monitor restic/state.ts",
  "{index,internal}.ts": "*",
  "src/settings": "{index,internal}.ts src/log.ts",
  "src/telemetry": "{index,internal}.ts http/client.ts src/settings",
  "src/web": "{index,internal}.ts src/settings src/printable.ts",
  "src/alerts": "src/settings",
  src: "{index,internal}.ts {expectations/suggest,monitor/monitor}.ts src/{alerts,settings,telemetry,web}",
};

/** Package, or module of Node.js, → where it may be imported. Other packages may not be imported at all. */
const PACKAGES: Readonly<Record<string, string>> = {
  "@opentelemetry/api":
    "metrics/{bound-table,observable-gauges}.ts embedding/instrumentation.ts src/telemetry",
  "@opentelemetry/*": "src/telemetry",
  "node:child_process": "backends/child-process secrets/command.ts",
  undici: "http",
  croner: "collect/schedule.ts",
  "node-vault": "vault",
  "@noble/ciphers": "restic/crypto",
  convict: "src/settings",
  yaml: "src/alerts src/settings src/suggestion-text.ts",
  bcryptjs: "src/web",
};

/** `a/{b,c}.ts` → `a/b.ts`, `a/c.ts`. */
function expand(pattern: string): readonly string[] {
  const [, before = "", names, after = ""] = /^(.*?)\{([^}]*)\}(.*)$/.exec(pattern) ?? [];
  if (names === undefined) return [pattern];
  return names.split(",").flatMap((name) => expand(before + name + after));
}

/** The paths of a list of the table, as they are in the repository. */
function paths(list: string): readonly string[] {
  return list
    .split(" ")
    .filter((word) => word !== "")
    .flatMap(expand)
    .map((path) => (/^src(\/|$)/.test(path) ? path : `instrumentation/${path}`));
}

const ROWS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(FOLDERS).flatMap(([names, may]) =>
    paths(names).map((name) => [name, paths(may)] as const),
  ),
);

const OWNERS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(PACKAGES).flatMap(([names, owners]) =>
    expand(names).map((name) => [name, paths(owners)] as const),
  ),
);

/** The names of all rows. */
export function rows(): readonly string[] {
  return [...ROWS.keys()];
}

/** The innermost folder of a file that has a row, else the folder of its package. */
function folderOf(file: string): string {
  const folder = file.slice(0, file.lastIndexOf("/"));
  return ROWS.has(folder) || !folder.includes("/") ? folder : folderOf(folder);
}

/** The name of the row for a file. */
export function rowOf(file: string): string {
  return ROWS.has(file) ? file : folderOf(file);
}

function isIn(file: string, path: string): boolean {
  const folder = folderOf(file);
  return (
    path === file || path === folder || (path.endsWith("*") && folder.startsWith(path.slice(0, -1)))
  );
}

/** The problem of an import; undefined: the import is allowed. */
export function violation({ file, specifier, target }: Import): string | undefined {
  const may = ROWS.get(rowOf(file));
  if (!may) return `${file}: no row of the table is about it`;
  if (target === undefined) return packageViolation(file, specifier);
  const isRelative = specifier.startsWith(".");
  if (isRelative && file.startsWith("src/") !== target.startsWith("src/"))
    return `${file} imports ${target} by its path: one package imports another by its name`;
  if (folderOf(file) === folderOf(target) || may.some((path) => isIn(target, path)))
    return undefined;
  return `${file} imports ${target}: ${rowOf(file)} may import ${may.join(", ") || "nothing"}`;
}

function packageViolation(file: string, specifier: string): string | undefined {
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  const owners = OWNERS.get(name) ?? OWNERS.get(name.replace(/\/.*/, "/*"));
  if (!owners)
    return specifier.startsWith("node:")
      ? undefined
      : `${file} imports ${specifier}, which no row allows`;
  return owners.some((path) => `${file}/`.startsWith(`${path}/`))
    ? undefined
    : `${file} imports ${specifier}, which only ${owners.join(", ")} may import`;
}

/** Both tables in Markdown, for CONTRIBUTING. */
export function lawTables(): string {
  const cell = (list: string): string =>
    list === ""
      ? "nothing"
      : list
          .split(" ")
          .map((path) => `\`${path}\``)
          .join(" ");
  const table = (head: string, content: Readonly<Record<string, string>>): readonly string[] => [
    head,
    "| --- | --- |",
    ...Object.entries(content).map(([name, list]) => `| ${cell(name)} | ${cell(list)} |`),
    "",
  ];
  return [
    ...table("| folder or file | may import, beside its own folder |", FOLDERS),
    ...table("| package | may be imported in |", PACKAGES),
  ].join("\n");
}
