import { isDeepStrictEqual } from "node:util";

import { backupSets } from "./backup-sets.ts";
import type { SetRules } from "./backup-sets.ts";
import type { Catalogue } from "./repository/repository.ts";
import type { RepositoryContent, Snapshot } from "./state.ts";

/**
 * The content of a repository that was read.
 * @param previous the content before
 */
export function contentOf(
  url: string,
  { config, snapshots, unreadable, history }: Catalogue,
  previous: RepositoryContent | undefined,
  rules: SetRules,
): RepositoryContent {
  const isSameDating = isDeepStrictEqual(previous?.dating, rules.dating);
  return {
    config,
    sets: backupSets(url, snapshots.values(), previous?.sets, { ...rules, isSameDating }),
    dating: rules.dating,
    snapshots: snapshots.size + unreadable.size,
    unreadable: unreadable.size,
    changes: history,
    refused: [...unreadable.values()].filter(({ code }) => code !== "corrupt").length,
  };
}

/** All snapshots that were read. */
export function* membersOf(content: RepositoryContent | undefined): Generator<Snapshot> {
  for (const { members } of content?.sets ?? []) yield* members;
}
