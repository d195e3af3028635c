import { isDeepStrictEqual } from "node:util";

import { inSteps, turnIfLong } from "../core/in-steps.ts";
import { groupingSteps } from "./backup-sets.ts";
import type { SetRules, SettingsRules } from "./backup-sets.ts";
import type { Catalogue } from "./repository/repository.ts";
import type { RepositoryContent, Snapshot } from "./state.ts";

type Rules = SetRules & SettingsRules;

/**
 * The content of a repository that was read.
 * @param previous the content before
 * @param current the rules of now; if they change between two steps, the grouping begins again
 */
export async function contentOf(
  url: string,
  { config, snapshots, unreadable, history }: Catalogue,
  previous: RepositoryContent | undefined,
  current: () => Rules,
): Promise<RepositoryContent> {
  for (;;) {
    await turnIfLong(snapshots.size);
    const rules = current();
    const isSameDating = isDeepStrictEqual(previous?.dating, rules.dating);
    const grouping = { ...rules, isSameDating };
    const sets = await inSteps(groupingSteps(url, snapshots.values(), previous?.sets, grouping));

    if (!areSameRules(rules, current())) continue;
    return {
      config,
      sets,
      dating: rules.dating,
      snapshots: snapshots.size + unreadable.size,
      unreadable: unreadable.size,
      changes: history,
      refused: [...unreadable.values()].filter(({ code }) => code !== "corrupt").length,
    };
  }
}

/** Each change of the settings makes new functions. */
export function areSameRules(a: Rules, b: Rules): boolean {
  return a.nameOf === b.nameOf && a.allowsTime === b.allowsTime;
}

/** All snapshots that were read. */
export function* membersOf(content: RepositoryContent | undefined): Generator<Snapshot> {
  for (const { members } of content?.sets ?? []) yield* members;
}
