import type { BoundTable, Labels, Piece } from "restic-otel-instrumentation/internal";

type Instrument = BoundTable["metrics"][number];

/** A metric as text. */
export interface MetricText<Part> {
  readonly name: string;
  readonly blocks: readonly Block<Part>[];
}

/** The lines of some entries in a row: as long as those are the same, nothing of it is rendered anew. */
interface Block<Part> {
  /** What each entry was made of. */
  readonly bases: readonly (object | undefined)[];
  readonly lines: number;
  /** An entry of many lines is parted after the same number of them each time: where nothing changed they come out the same. */
  readonly parts: readonly Part[];
}

/** Makes a part of its bytes, which are there during the call only. @param before the part that was in its place */
export type MakePart<Part> = (bytes: Buffer, before: Part | undefined) => Part;

/** What a part and a block have at least, unless it is the last one. */
const LINES = 512;
/** How long a block goes on until it meets the beginning of one that is known, so that those after it can stay. */
const MAX_LINES = 4 * LINES;

/**
 * What the SDK and its serializer make of tables whose points all have different labels, as text of each metric that has points:
 * the same bytes (`test/telemetry/exposition-text.test.ts`), without an object a series.
 * @param before what was made of the same tables earlier
 */
export function metricTexts<Part>(
  tables: readonly BoundTable[],
  now: number,
  makePart: MakePart<Part>,
  before: ReadonlyMap<string, MetricText<Part>> = new Map(),
): readonly MetricText<Part>[] {
  return tables
    .flatMap((table) => table.pieces(now))
    .map(([metric, pieces]) => {
      const name = prometheusName(metric);
      const writer = new Writer(metric, name, makePart, before.get(name)?.blocks ?? []);
      return { name, blocks: writer.write(pieces) };
    })
    .filter(({ blocks }) => blocks.some(({ lines }) => lines > 0));
}

/** All of it, in order. */
export function partsOf<Part>(texts: readonly MetricText<Part>[]): readonly Part[] {
  return texts.flatMap(({ blocks }) => blocks.flatMap(({ parts }) => parts));
}

class Writer<Part> {
  readonly #head: string;
  readonly #name: string;
  readonly #makePart: MakePart<Part>;
  readonly #before: readonly Block<Part>[];
  readonly #byFirst: ReadonlyMap<object | undefined, Block<Part>>;

  constructor(
    metric: Instrument,
    name: string,
    makePart: MakePart<Part>,
    before: readonly Block<Part>[],
  ) {
    this.#head = headOf(metric, name);
    this.#name = name;
    this.#makePart = makePart;
    this.#before = before;
    this.#byFirst = new Map(before.map((block) => [block.bases[0], block]));
  }

  write(pieces: readonly Piece[]): readonly Block<Part>[] {
    const blocks: Block<Part>[] = [];
    for (let at = 0; at < pieces.length; at += blocks.at(-1)?.bases.length ?? 1) {
      const block = this.#byFirst.get(pieces[at]?.basis());
      const isFirst = at === 0;
      const isSame =
        block !== undefined &&
        // It has the head.
        isFirst === (block === this.#before[0]) &&
        (block.lines >= LINES || at + block.bases.length === pieces.length) &&
        block.bases.every((basis, index) => basis && basis === pieces[at + index]?.basis());
      blocks.push(isSame ? block : this.#block(pieces, at, this.#before[blocks.length]));
    }
    return blocks;
  }

  #block(pieces: readonly Piece[], start: number, before: Block<Part> | undefined): Block<Part> {
    const bases: (object | undefined)[] = [];
    const parts: Part[] = [];
    let text = start === 0 ? this.#head : "";
    let lines = 0;
    const endPart = (part: string): void => {
      parts.push(this.#makePart(encoded(part), before?.parts[parts.length]));
    };
    for (let at = start; at < pieces.length && !this.#isWhole(lines, pieces[at]); at++) {
      const earlier = { text, lines, parts: parts.length };
      /** Enough for a part, to which what follows is added if it is not enough for another one. */
      let held = "";
      let points = 0;
      const isMade = pieces[at]?.each(([value, labels]) => {
        if (points > 0 && points % LINES === 0) {
          if (held !== "") endPart(held);
          held = text;
          text = "";
        }
        points += 1;
        if (!Number.isFinite(value)) return;
        text += `${this.#name}${labelText(labels)} ${value}\n`;
        lines += 1;
      });
      text = held + text;
      if (!isMade) {
        ({ text, lines } = earlier);
        parts.length = earlier.parts;
      }
      // What could not be made is tried again.
      bases.push(isMade ? pieces[at]?.basis() : undefined);
    }
    if (lines > 0) endPart(text);
    return { bases, lines, parts };
  }

  #isWhole(lines: number, next: Piece | undefined): boolean {
    const isKnown = this.#before.length === 0 || this.#byFirst.has(next?.basis());
    return lines >= (isKnown ? LINES : MAX_LINES);
  }
}

/** One for all texts, as large as the largest: most of them are thrown away, and each would be memory of its own outside of the heap. */
let scratch = Buffer.alloc(0);

function encoded(text: string): Buffer {
  // A UTF-16 unit takes up to three bytes.
  if (scratch.length < text.length * 3) scratch = Buffer.allocUnsafeSlow(text.length * 3);
  return scratch.subarray(0, scratch.write(text));
}

function prometheusName({ name, kind }: Instrument): string {
  const plain = name.replaceAll(/[^a-z0-9_]/gi, "_").replaceAll(/_{2,}/g, "_");
  return kind === "counter" && !plain.endsWith("_total") ? `${plain}_total` : plain;
}

function headOf({ kind, unit, description }: Instrument, name: string): string {
  const unitLine = unit ? `# UNIT ${name} ${escaped(unit)}\n` : "";
  return `# HELP ${name} ${escaped(description)}\n${unitLine}# TYPE ${name} ${kind}\n`;
}

/** Labels are the same object as long as their subject is there. */
const known = new WeakMap<Labels, string>();

function labelText(labels: Labels): string {
  const before = known.get(labels);
  if (before !== undefined) return before;
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`,
  );
  const text = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
  known.set(labels, text);
  return text;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
