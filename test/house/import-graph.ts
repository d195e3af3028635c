import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** One import of a file: static, late (`import()`), re-exported, or of types. */
export interface Import {
  readonly file: string;
  /** As written: `./key.ts`, `node:fs`, `yaml`. */
  readonly specifier: string;
  /** The imported file of this repository; undefined for Node.js and packages of others. */
  readonly target: string | undefined;
}

const STATIC = /^(?:import|export)\s+(?:type\s+)?(?:[\w*{][^;"=]*?\sfrom\s+)?"([^"]+)"/gm;
const LATE = /\bimport\(\s*"([^"]+)"/g;

/** The specifiers in the text of a module, as oxfmt writes it. */
export function specifiersIn(text: string): readonly string[] {
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "");
  return [STATIC, LATE].flatMap((pattern) =>
    [...code.matchAll(pattern)].flatMap(([, specifier]) => specifier ?? []),
  );
}

/** The entry points of the instrumentation package. */
const ENTRIES: ReadonlyMap<string, string> = new Map([
  ["restic-otel-instrumentation", "instrumentation/index.ts"],
  ["restic-otel-instrumentation/http", "instrumentation/http/client.ts"],
  ["restic-otel-instrumentation/internal", "instrumentation/internal.ts"],
  ["restic-otel-instrumentation/monitor", "instrumentation/monitor/monitor.ts"],
  ["restic-otel-instrumentation/suggest", "instrumentation/expectations/suggest.ts"],
]);

/** The source files of both packages. */
export function sourceFiles(): readonly string[] {
  return globSync(["src/**/*.ts", "instrumentation/**/*.ts"], { cwd: ROOT })
    .filter((file) => !/node_modules|\/dist\//.test(file))
    .toSorted();
}

/** Every import of every source file. @throws Error if a relative import leads to no source file */
export function importGraph(): readonly Import[] {
  const files = new Set(sourceFiles());
  return [...files].flatMap((file) =>
    specifiersIn(readFileSync(join(ROOT, file), "utf8")).map((specifier) => {
      const target = specifier.startsWith(".")
        ? posix.join(dirname(file), specifier)
        : ENTRIES.get(specifier);
      if (target !== undefined && !files.has(target))
        throw new Error(`${file} imports ${specifier}, which is not a source file`);
      return { file, specifier, target };
    }),
  );
}

/** Node → nodes that it leads to, without itself. */
export type Edges = ReadonlyMap<string, ReadonlySet<string>>;

/** @param nodeOf joins files to nodes; the identity keeps the files */
export function edges(
  imports: readonly Import[],
  nodeOf: (file: string) => string = (file) => file,
): Edges {
  const found = new Map<string, Set<string>>();
  for (const { file, target } of imports) {
    if (target === undefined || nodeOf(file) === nodeOf(target)) continue;
    found.set(nodeOf(file), (found.get(nodeOf(file)) ?? new Set()).add(nodeOf(target)));
  }
  return found;
}

/** Finds at least one circle, if there is any. */
export function circles(graph: Edges): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): void => {
    const start = path.indexOf(node);
    if (start >= 0) found.push([...path.slice(start), node]);
    if (start >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return found;
}

/** The nodes on the longest chain. @param graph without circles */
export function longestChain(graph: Edges): readonly string[] {
  const known = new Map<string, readonly string[]>();
  const from = (node: string): readonly string[] => {
    const chain = known.get(node) ?? [
      node,
      ...longest([...(graph.get(node) ?? [])].map((next) => from(next))),
    ];
    known.set(node, chain);
    return chain;
  };
  return longest([...graph.keys()].map((node) => from(node)));
}

function longest(chains: readonly (readonly string[])[]): readonly string[] {
  return chains.reduce((best, chain) => (chain.length > best.length ? chain : best), []);
}
