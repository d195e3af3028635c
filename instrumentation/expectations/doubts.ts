import type { Expectation } from "../settings/expectations/expectations.ts";
import type { Finding } from "./finding.ts";
import type { Knowledge } from "./judge.ts";
import type { Evaluated, Slot } from "./slots.ts";

/**
 * Why a slot may have a newer snapshot than is known: a repository was not read yet (`unread`), or its last collection failed (`failing`);
 * the server does not hand out snapshot files (`refused`); tags and paths of snapshots are not read yet (`unfilled`), or they are
 * not kept as all lists together exceed 16 MiB (`lists`); fewer repositories are enabled than `copies` says (`copies`).
 */
export type DoubtCause = "unread" | "failing" | "refused" | "unfilled" | "lists" | "copies";

export interface Doubt {
  /** The repository; undefined: the doubt is about the settings. */
  readonly url: string | undefined;
  readonly cause: DoubtCause;
}

/** An expectation, and what its slots were made of. */
export interface Basis {
  readonly expectation: Expectation;
  readonly evaluated: Evaluated;
}

/** @param basis undefined: the slot is of no expectation of the settings */
export function doubtsOf(slot: Slot, basis: Basis | undefined): readonly Doubt[] {
  if (!basis || !slot.verdict.reasons.includes("unknown")) return [];
  const { parts } = basis.evaluated;
  const doubts = parts.flatMap(({ url, knowledge }, index): readonly Doubt[] => {
    const findings = slot.inputs.filter(([part]) => part === index).map(([, finding]) => finding);
    const cause = causeOf(knowledge, findings);
    return cause ? [{ url, cause }] : [];
  });
  return parts.length < basis.expectation.copies
    ? [...doubts, { url: undefined, cause: "copies" }]
    : doubts;
}

function causeOf(
  { isAttempted, isKnown, isWhole, isFailing }: Knowledge,
  findings: readonly Finding[],
): DoubtCause | undefined {
  if (!isAttempted) return "unread";
  if (isFailing || !isKnown) return "failing";
  if (!isWhole) return "refused";
  if (!findings.some(({ isPartial }) => isPartial)) return undefined;
  return findings.some(({ areListsDropped }) => areListsDropped) ? "lists" : "unfilled";
}
