/** An element without its attributes. */
export interface XmlElement {
  /** Without the namespace prefix. */
  readonly name: string;
  /** The text directly in the element. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const TOKEN =
  /<\?[^]*?\?>|<!--[^]*?-->|<!\[CDATA\[(?<data>[^]*?)\]\]>|<(?<end>\/?)(?<name>[A-Za-z_][\w.:-]*)(?<rest>(?:[^<>"']|"[^"<]*"|'[^'<]*')*)>|(?<text>[^<]+)/y;

/** The responses of object stores have three levels. */
const MAX_DEPTH = 16;

interface Open {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

/**
 * The root element of a document; undefined: not a complete document. The input is untrusted: document types are rejected, so there
 * are no entities but the five of XML. The caller bounds the size.
 */
export function parseXml(bytes: Uint8Array): XmlElement | undefined {
  const document = new TextDecoder().decode(bytes);
  const root: Open = { name: "", text: "", children: [] };
  const open: Open[] = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < document.length) {
    const { data, end, name, rest, text } = TOKEN.exec(document)?.groups ?? {};
    const current = open.at(-1);
    if (TOKEN.lastIndex === 0 || !current) return undefined;
    if (text !== undefined) current.text += decode(text);
    else if (data !== undefined) current.text += data;
    else if (name !== undefined && end === "/") {
      open.pop();
      if (current.name !== name || !close(current, open.at(-1))) return undefined;
    } else if (name !== undefined) {
      const element: Open = { name, text: "", children: [] };
      if (rest?.endsWith("/")) close(element, current);
      else if (open.push(element) > MAX_DEPTH) return undefined;
    }
  }
  // Only a closed element is in its parent.
  const [only, ...others] = root.children;
  return others.length === 0 && root.text.trim() === "" ? only : undefined;
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
