import { expect } from "vitest";

import { sceneOfTwo } from "./inventory-scene.ts";

/**
 * Takes an inventory of a repository with two backups and an index file with this content, sealed with its key. That file is
 * counted and named, and nothing else is accused.
 * @returns why it cannot be read; completes "the file …"
 */
export async function refusalOf(plain: Uint8Array): Promise<string | undefined> {
  const made = sceneOfTwo();
  const index = made.sealed.addSealed("index", plain);
  const { counts, unreadable } = await made.take();
  expect(unreadable.map(([id]) => id)).toEqual([index]);
  expect(counts).toMatchObject({
    unreadableIndexFiles: 1,
    unreadIndexFiles: 0,
    indexFiles: 3,
    missingPacks: 0,
    damagedPacks: 0,
  });
  for (const name of ["orphanPacks", "lostPacks", "unrestorableSnapshots", "indexedBytes"])
    expect(counts).not.toHaveProperty(name);
  return unreadable[0]?.[1];
}
