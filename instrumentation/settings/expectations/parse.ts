import { NameList } from "./glob.ts";
import type { Glob } from "./glob.ts";
import type { Problem } from "../problem.ts";
import { EntryReader, mappingsOf } from "./entry-reader.ts";
import { namesOf, readExpectation } from "./expect.ts";
import type { ExpectationSettings, Rename, Retired } from "./expectations.ts";
import { enabledUrls } from "./matching-urls.ts";
import type { ConfiguredRepositories } from "./matching-urls.ts";
import { SECTION_KEYS } from "./schema.ts";

/** The sections of the settings, not checked yet; undefined: not given. */
export interface ExpectationSections {
  readonly expect?: unknown;
  readonly retired?: unknown;
  readonly rename?: unknown;
}

export const EXPECTATION_SECTIONS = ["expect", "retired", "rename"] as const;

/** A checked entry, with the places where messages about it point to. */
interface Located<Value> {
  readonly value: Value;
  readonly path: Problem["path"];
  readonly hosts: readonly (readonly [Glob, Problem["path"]])[];
}

/** Checks what should be there. Reports all problems at once; the value is valid if there are none. */
export function parseExpectations(
  sections: ExpectationSections,
  configured: ConfiguredRepositories,
): { readonly value: ExpectationSettings; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  function entriesOf<Value>(
    section: keyof ExpectationSections,
    example: string,
    read: (
      entry: Readonly<Record<string, unknown>>,
      reader: EntryReader,
      hosts: readonly Glob[],
    ) => Value,
  ): readonly Located<Value>[] {
    return mappingsOf(section, sections[section], example, problems).map(([entry, path]) => {
      const reader = new EntryReader(entry, path, problems, SECTION_KEYS[section]);
      const hosts = reader.hosts();
      const globs = hosts.map(([glob]) => glob);
      return { value: read(entry, reader, globs), path, hosts };
    });
  }

  const expectations = entriesOf(
    "expect",
    '{name: servers, hosts: ["*"], maxAge: 26h}',
    (entry, reader, hosts) => readExpectation(entry, reader, hosts, configured),
  );
  const retired = entriesOf(
    "retired",
    '{hosts: ["old-*"], since: 2026-05-01}',
    (entry, reader, hosts) => readRetired(entry["since"], reader, hosts, configured),
  );
  const renames = entriesOf(
    "rename",
    '{hosts: ["[0-9a-f]{12}"], as: container}',
    (_, reader, hosts) => readRename(reader, hosts),
  );
  problems.push(
    ...sameNames(expectations),
    ...bothExpectedAndRetired(expectations, retired),
    ...renamedAway([...expectations, ...retired], valuesOf(renames)),
  );
  return {
    value: {
      expectations: valuesOf(expectations),
      retired: valuesOf(retired),
      renames: valuesOf(renames),
      text: JSON.stringify([sections.retired, sections.rename]),
    },
    problems,
  };
}

function valuesOf<Value>(located: readonly Located<Value>[]): readonly Value[] {
  return located.map(({ value }) => value);
}

function readRetired(
  since: unknown,
  reader: EntryReader,
  hosts: readonly Glob[],
  configured: ConfiguredRepositories,
): Retired {
  if (since === undefined)
    reader.problem([], "since is missing: a set with a snapshot after this date is not retired");
  return {
    urls: enabledUrls(reader, configured).urls,
    hosts: new NameList(hosts),
    users: namesOf(reader, "users"),
    since: since === undefined ? 0 : (reader.date(since, ["since"]) ?? 0),
  };
}

function readRename(reader: EntryReader, hosts: readonly Glob[]): Rename {
  if (!reader.has("as")) reader.problem([], "as is missing: the new name of the hosts");
  return { hosts, as: reader.text("as") ?? "" };
}

function sameNames(
  expectations: readonly Located<{ readonly name: string }>[],
): readonly Problem[] {
  const names = new Map<string, Problem["path"]>();
  return expectations.flatMap(({ value: { name }, path }) => {
    const first = names.get(name);
    if (!first && name !== "") names.set(name, path);
    if (!first) return [];
    const message = `is the name of ${String(first[0])}[${String(first[1])}] too: each expectation needs its own`;
    return [{ path: [...path, "name"], message }];
  });
}

function bothExpectedAndRetired(
  expectations: readonly Located<unknown>[],
  retired: readonly Located<unknown>[],
): readonly Problem[] {
  const names = new Map(
    retired.flatMap(({ hosts, path }) => hosts.map(([{ literal }]) => [literal, path] as const)),
  );
  return literalHosts(expectations).flatMap(([name, path]) => {
    const at = names.get(name);
    if (!at) return [];
    return [{ path, message: `is in retired[${String(at[1])}] too: remove one of the two` }];
  });
}

function renamedAway(
  entries: readonly Located<unknown>[],
  renames: readonly Rename[],
): readonly Problem[] {
  return literalHosts(entries).flatMap(([name, path]) => {
    const index = renames.findIndex(({ hosts }) => hosts.some((glob) => glob.matches(name)));
    const as = renames[index]?.as ?? name;
    if (as === name || as === "") return [];
    return [
      { path, message: `rename[${index}] names this host ${JSON.stringify(as)}: use this name` },
    ];
  });
}

function literalHosts(
  entries: readonly Located<unknown>[],
): readonly (readonly [string, Problem["path"]])[] {
  return entries.flatMap(({ hosts }) =>
    hosts.flatMap(([{ literal }, path]) =>
      literal === undefined ? [] : [[literal, path] as const],
    ),
  );
}
