import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import { pathOf } from "../../../instrumentation/backends/backend.ts";
import type {
  Backend,
  FileType,
  ListedFiles,
  ListOptions,
} from "../../../instrumentation/backends/backend.ts";
import type { RepositoryFiles } from "../repository/sealed-repository.ts";

/** Files of 0 to 59 bytes by their names. */
const CONTENTS: ReadonlyMap<string, Uint8Array> = new Map(
  Array.from({ length: 60 }, (_, index) => {
    const bytes = Buffer.alloc(index, "x");
    return [createHash("sha256").update(bytes).digest("hex"), bytes] as const;
  }),
);
const NAMES = [...CONTENTS.keys()].toSorted();
const [FIRST = "", SECOND = ""] = NAMES;

/** Opens a repository in which all these files are snapshots and packs. */
type OpenWith = (files: RepositoryFiles) => Promise<Backend>;

/** Listings with sizes, packs in folders, and slices: a part of the contract of Backend. */
export function listingSuite(open: OpenWith, hasSizes: boolean): void {
  const files = (...types: readonly FileType[]): RepositoryFiles =>
    new Map(
      types.flatMap((type) =>
        [...CONTENTS].map(([name, bytes]) => [pathOf(type, name), bytes] as const),
      ),
    );
  const sizesOf = (names: readonly string[]): readonly (number | undefined)[] | undefined =>
    hasSizes ? names.map((name) => CONTENTS.get(name)?.length) : undefined;

  test.for(["snapshots", "data"] as const)("lists %s with their sizes if asked", async (type) => {
    const backend = await open(files(type));
    const listed = await listAll(backend, type, { sizes: true });
    expect(listed).toEqual({ names: NAMES, sizes: sizesOf(NAMES) });
    expect(await listAll(backend, type)).toEqual({ names: NAMES });
  });

  test("does not list a pack that is in the folder of another, if it knows the folders", async () => {
    const placed = files("data");
    placed.delete(pathOf("data", FIRST));
    placed.set(`data/${SECOND.slice(0, 2)}/${FIRST}`, Buffer.from("x"));
    const backend = await open(placed);
    const { names } = await listAll(backend, "data", { sizes: true });
    expect(names).toEqual(backend.slices === true ? NAMES.slice(1) : NAMES);
  });

  test("lists the names that begin with a prefix, if it can", async () => {
    const backend = await open(files("snapshots", "data"));
    if (backend.slices !== true) return;
    const prefixes = [
      "",
      ...[1, 2, 3, 64].map((digits) => SECOND.slice(0, digits)),
      "0".repeat(64),
    ];
    for (const type of ["snapshots", "data"] as const) {
      for (const prefix of prefixes) {
        const names = NAMES.filter((name) => name.startsWith(prefix));
        const listed = await listAll(backend, type, { prefix, sizes: true });
        expect(listed).toEqual({ names, sizes: sizesOf(names) });
      }
    }
  });
}

/** All pages and parts of a listing, in the order of the names. */
export async function listAll(
  backend: Backend,
  type: FileType,
  options: Omit<ListOptions, "onPart"> = {},
): Promise<ListedFiles> {
  const files: (readonly [name: string, size: number | undefined])[] = [];
  const onPart = ({ names, sizes }: ListedFiles): void => {
    if (sizes) expect(sizes).toHaveLength(names.length);
    files.push(...names.map((name, index) => [name, sizes?.[index]] as const));
  };
  let from: string | undefined;
  do {
    const page = await backend.list(type, from, new AbortController().signal, {
      ...options,
      onPart,
    });
    onPart(page);
    from = page.next;
  } while (from !== undefined);
  const sorted = files.toSorted(([one], [other]) => (one < other ? -1 : 1));
  const names = sorted.map(([name]) => name);
  const sizes = sorted.flatMap(([, size]) => size ?? []);
  return { names, sizes: sizes.length === names.length ? sizes : undefined };
}
