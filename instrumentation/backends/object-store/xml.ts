/** An element without its attributes. */
export interface XmlElement {
  /** Without the namespace prefix. */
  readonly name: string;
  /** The text directly in the element. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** The responses of object stores have three levels. */
const MAX_DEPTH = 16;

/** A page of Azure has 5,000 blobs with about 20 elements each. */
const MAX_ELEMENTS = 150_000;

const NAME = /[A-Za-z_][\w.:-]*/y;

interface Open {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

/**
 * The root element of a document; undefined: not a complete document. The input is untrusted: document types are rejected, so there
 * are no entities but the five of XML. The caller bounds the size. Takes linear time.
 */
export function parseXml(bytes: Uint8Array): XmlElement | undefined {
  const document = new TextDecoder().decode(bytes);
  const root: Open = { name: "", text: "", children: [] };
  const open: Open[] = [root];
  let elements = 0;
  let at = 0;
  while (at < document.length) {
    const current = open.at(-1);
    if (!current) return undefined;
    if (document[at] !== "<") {
      const start = at;
      at = indexOrEnd(document, "<", start);
      current.text += decode(document.slice(start, at));
      continue;
    }
    const isSection = document[at + 1] === "!" || document[at + 1] === "?";
    const section = isSection && SECTIONS.find(({ begin }) => document.startsWith(begin, at));
    if (section) {
      const start = at + section.begin.length;
      const end = document.indexOf(section.end, start);
      if (end < 0) return undefined;
      if (section.isText) current.text += document.slice(start, end);
      at = end + section.end.length;
      continue;
    }
    const tag = tagAt(document, at);
    if (!tag) return undefined;
    at = tag.end;
    if (tag.isClosing) {
      open.pop();
      if (current.name !== tag.name || !close(current, open.at(-1))) return undefined;
      continue;
    }
    const element: Open = { name: tag.name, text: "", children: [] };
    if (++elements > MAX_ELEMENTS) return undefined;
    if (tag.isEmpty) close(element, current);
    else if (open.push(element) > MAX_DEPTH) return undefined;
  }
  // Only a closed element is in its parent.
  const [only, ...others] = root.children;
  return others.length === 0 && root.text.trim() === "" ? only : undefined;
}

const SECTIONS = [
  { begin: "<?", end: "?>", isText: false },
  { begin: "<!--", end: "-->", isText: false },
  { begin: "<![CDATA[", end: "]]>", isText: true },
] as const;

interface Tag {
  readonly name: string;
  readonly isClosing: boolean;
  /** `<name/>` */
  readonly isEmpty: boolean;
  readonly end: number;
}

/** undefined: not a complete tag. Attributes are skipped: `>` may be in their quotes, `<` may not. */
function tagAt(document: string, start: number): Tag | undefined {
  const isClosing = document[start + 1] === "/";
  NAME.lastIndex = start + (isClosing ? 2 : 1);
  const name = NAME.exec(document)?.[0];
  if (name === undefined) return undefined;
  for (let at = NAME.lastIndex; at < document.length; at++) {
    const letter = document[at] ?? "";
    if (letter === ">") return { name, isClosing, isEmpty: document[at - 1] === "/", end: at + 1 };
    if (letter === "<") return undefined;
    if (letter !== '"' && letter !== "'") continue;
    at = indexOrEnd(document, letter, at + 1);
  }
  return undefined;
}

function indexOrEnd(text: string, letter: string, from: number): number {
  const index = text.indexOf(letter, from);
  return index < 0 ? text.length : index;
}

function close({ name, text, children }: Open, parent: Open | undefined): boolean {
  parent?.children.push({ name: name.slice(name.indexOf(":") + 1), text, children });
  return parent !== undefined;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
]);

function decode(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|([a-z]+));/g,
    (whole, decimal, hex, name) => {
      if (typeof name === "string") return ENTITIES.get(name) ?? whole;
      const point = typeof hex === "string" ? Number.parseInt(hex, 16) : Number(decimal);
      return point <= 0x10_ff_ff ? String.fromCodePoint(point) : whole;
    },
  );
}

/** The text of the first child with that name; undefined: there is none. */
export function childText(element: XmlElement | undefined, name: string): string | undefined {
  return element?.children.find((child) => child.name === name)?.text;
}
