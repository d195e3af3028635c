import { CHANGE_NAMES } from "../repository/snapshots/change-history.ts";
import type {
  Absence,
  ChangeEvent,
  ChangeHistory,
  KnownKeys,
  LastChanges,
  VanishedSet,
} from "../repository/snapshots/change-history.ts";
import type { Fields } from "./fields.ts";

/** The parts of a history in the order of a record. */
export function encodeHistory(history: ChangeHistory): readonly unknown[] {
  const { totals, absences, earlier, keys, vanished, events, appendOnly, repositoryId } = history;
  return [
    [totals.added, totals.removed, totals.retagged, totals.rewritten],
    encodeLast(history.last),
    absences.map((one) => [
      one.at,
      one.known,
      one.removed,
      one.newest,
      one.retagged,
      one.rewritten,
      Number(one.isViolation),
    ]),
    encodeLast(earlier),
    keys && [keys.count, keys.names, keys.addedAt, keys.removedAt],
    vanished.map(({ at, host, user, newest }) => [at, host, user, newest]),
    events.map((one) => [
      one.at,
      one.event,
      one.id,
      one.host,
      one.user,
      one.time,
      one.paths,
      one.original,
      one.successor,
      one.snapshots,
    ]),
    Number(appendOnly),
    repositoryId,
  ];
}

/** @throws TypeError if the fields are not those of a history */
export function decodeHistory(fields: Fields): ChangeHistory {
  const totals = fields.part(0);
  return {
    totals: {
      added: totals.number(0),
      removed: totals.number(1),
      retagged: totals.number(2),
      rewritten: totals.number(3),
    },
    last: decodeLast(fields.part(1)),
    absences: fields.part(2).parts().map(decodeAbsence),
    earlier: decodeLast(fields.part(3)),
    keys: fields.has(4) ? decodeKeys(fields.part(4)) : undefined,
    vanished: fields.part(5).parts().map(decodeVanished),
    events: fields.part(6).parts().map(decodeEvent),
    appendOnly: fields.flag(7),
    repositoryId: fields.text(8),
  };
}

function encodeLast(last: LastChanges): readonly (number | undefined)[] {
  const { removal, newestRemovalAt, rewriteAt, violatedAt } = last;
  return [removal?.at, removal?.snapshots, removal?.ratio, newestRemovalAt, rewriteAt, violatedAt];
}

function decodeLast(fields: Fields): LastChanges {
  return {
    removal: fields.has(0)
      ? { at: fields.number(0), snapshots: fields.number(1), ratio: fields.number(2) }
      : undefined,
    newestRemovalAt: fields.optionalNumber(3),
    rewriteAt: fields.optionalNumber(4),
    violatedAt: fields.optionalNumber(5),
  };
}

function decodeAbsence(fields: Fields): Absence {
  return {
    at: fields.number(0),
    known: fields.number(1),
    removed: fields.text(2),
    newest: fields.text(3),
    retagged: fields.text(4),
    rewritten: fields.text(5),
    isViolation: fields.flag(6),
  };
}

function decodeKeys(fields: Fields): KnownKeys {
  return {
    count: fields.number(0),
    names: fields.part(1).texts(),
    addedAt: fields.optionalNumber(2),
    removedAt: fields.optionalNumber(3),
  };
}

function decodeVanished(fields: Fields): VanishedSet {
  return {
    at: fields.number(0),
    host: fields.text(1),
    user: fields.text(2),
    newest: fields.number(3),
  };
}

function decodeEvent(fields: Fields): ChangeEvent {
  const name = fields.text(1);
  const event = CHANGE_NAMES.find((one) => one === name);
  if (!event) throw new TypeError("unknown event");
  return {
    at: fields.number(0),
    event,
    id: fields.optionalText(2),
    host: fields.optionalText(3),
    user: fields.optionalText(4),
    time: fields.optionalNumber(5),
    paths: fields.optionalText(6),
    original: fields.optionalText(7),
    successor: fields.optionalText(8),
    snapshots: fields.optionalNumber(9),
  };
}
