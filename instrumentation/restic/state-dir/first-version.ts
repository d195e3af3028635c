import type { Snapshot } from "../repository/snapshot.ts";
import { Fields } from "./fields.ts";
import { decodeSummary } from "./summary-record.ts";

/**
 * A record of restic-otel 0.1: a snapshot without details.
 * @throws TypeError if the text is no such record
 */
export function decodeFirstVersion(text: string): Snapshot {
  const fields = Fields.parse(text);
  return {
    id: fields.text(0),
    time: { seconds: fields.number(1), nanoseconds: fields.number(2) },
    hostname: fields.text(3),
    username: fields.text(4),
    summary: fields.has(5) ? decodeSummary(fields.part(5)) : undefined,
  };
}
