import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

/** A metric family as text. */
interface Family {
  /** Its HELP, UNIT and TYPE lines. */
  readonly head: string;
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
    // A label value or a description cannot begin a line: the serializer escapes line feeds.
    const text = `\n${this.#serializer.serialize(metrics)}`.replace(/\n$/, "");
    for (const family of text.split(`\n${HELP}`).slice(1)) {
      const typeAt = family.indexOf("\n# TYPE ") + 1;
      const samplesAt = family.indexOf("\n", typeAt) + 1;
      families.set(family.slice(0, family.indexOf(" ")), {
        head: HELP + family.slice(0, samplesAt),
        body: Buffer.from(`${family.slice(samplesAt)}\n`),
      });
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
      if (text.length === 0) text.push(Buffer.from(head));
      text.push(body);
    }
  return [...texts.values()].flat();
}
