import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

/** A metric family as text. */
interface Family {
  /** Its HELP, UNIT and TYPE lines. */
  readonly head: Buffer;
  /** Its samples. */
  readonly body: Buffer;
}

/** By name. */
export type Families = ReadonlyMap<string, Family>;

const HELP = "# HELP ";

/** Writes metrics in the Prometheus text format 0.0.4. */
export class FamilyWriter {
  readonly #serializer: PrometheusSerializer;

  /** @param targetInfo adds the family `target_info`, made of the resource */
  constructor(targetInfo: boolean) {
    this.#serializer = new PrometheusSerializer("", false, undefined, !targetInfo, true);
  }

  /** The families in the order of the serializer. */
  write(metrics: ResourceMetrics): Families {
    const families = new Map<string, Family>();
    const text = Buffer.from(this.#serializer.serialize(metrics));
    // A label value or a description cannot begin a line: the serializer escapes line feeds.
    let at = text.indexOf(HELP);
    while (at >= 0) {
      const next = text.indexOf(`\n${HELP}`, at) + 1;
      const end = next > 0 ? next : text.length;
      const nameAt = at + HELP.length;
      const typeAt = text.indexOf("\n# TYPE ", nameAt) + 1;
      const samplesAt = text.indexOf("\n", typeAt) + 1;
      families.set(text.toString("utf8", nameAt, text.indexOf(" ", nameAt)), {
        head: text.subarray(at, samplesAt),
        body: text.subarray(samplesAt, end),
      });
      at = end < text.length ? end : -1;
    }
    return families;
  }
}

/**
 * One text of several: each family once, with the samples of all parts.
 * @param order names of families; any others follow
 */
export function joinFamilies(
  parts: readonly Families[],
  order: Iterable<string>,
): readonly Buffer[] {
  const texts = new Map<string, Buffer[]>();
  for (const name of order) texts.set(name, []);
  for (const part of parts)
    for (const [name, { head, body }] of part) {
      const text = texts.get(name) ?? [];
      texts.set(name, text);
      if (text.length === 0) text.push(head);
      text.push(body);
    }
  return [...texts.values()].flat();
}
