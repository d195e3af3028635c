import { Secret } from "./secret.ts";
import type { SecretReference, SecretResolver } from "./secret.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that only this program reads. */
const OWN_VARIABLES =
  /^(?:RESTIC_(?:FROM_)?PASSWORD.*|VAULT_TOKEN|VAULT_SECRET_ID|OTEL_EXPORTER_OTLP_(?:\w+_)?HEADERS)$/;

/** Variables whose values are secrets by their names. */
const SECRET_NAME = /(?:PASS(?:WORD|WD|PHRASE)?|SECRET|TOKEN|KEY|CREDENTIALS|SAS)$/i;

/** All secrets of the program: child processes do not get them, and their messages are shown without them. */
export class KnownSecrets {
  /** The last value of each place. */
  readonly #values = new Map<string, Secret>();
  readonly #environment: Environment;
  #variables: ReadonlySet<string> = new Set();
  /** Made when the first child process has printed something. */
  #redaction: Redaction | undefined;

  /** @param environment of the process */
  constructor(environment: Environment = {}) {
    this.#environment = environment;
  }

  /** @param place where the secret is from; a later value replaces it */
  note(place: string, secret: Secret): void {
    const before = this.#values.get(place);
    if (before?.equals(secret) === true) return;
    this.#values.set(place, secret);
    if (before) this.#redaction = undefined;
    else this.#redaction?.add(secret.revealText());
  }

  /** Notes the secrets that are in settings and environment. @param references of all settings */
  configure(references: readonly SecretReference[]): void {
    const named = references.flatMap(({ scheme, reference }) =>
      scheme === "env" && typeof reference === "string" ? [reference] : [],
    );
    this.#variables = new Set(named);
    for (const { reference } of references)
      if (reference instanceof Secret) this.note(`literal ${reference.revealText()}`, reference);
    for (const [name, value = ""] of Object.entries(this.#environment))
      if (this.isVariable(name) || SECRET_NAME.test(name))
        this.note(`variable ${name}`, new Secret(value));
  }

  /** Whether a variable of the process holds a secret of this program. */
  isVariable(name: string): boolean {
    return OWN_VARIABLES.test(name) || this.#variables.has(name);
  }

  /** The resolvers by their scheme, whose values are noted. */
  noting(resolvers: ReadonlyMap<string, SecretResolver>): ReadonlyMap<string, SecretResolver> {
    return new Map([...resolvers].map(([scheme, one]) => [scheme, this.#noting(one)]));
  }

  #noting(resolver: SecretResolver): SecretResolver {
    const { scheme, keys } = resolver;
    return {
      scheme,
      ...(keys && { keys }),
      check: (reference) => resolver.check(reference),
      resolve: async (reference, signal, notBefore) => {
        const secret = await resolver.resolve(reference, signal, notBefore);
        const written =
          reference instanceof Secret ? reference.revealText() : JSON.stringify(reference);
        this.note(`${scheme} ${written}`, secret);
        return secret;
      },
    };
  }

  /** The text with `[redacted]` in place of each secret of 8 or more characters. */
  redact(text: string): string {
    if (!this.#redaction) {
      this.#redaction = new Redaction();
      for (const secret of this.#values.values()) this.#redaction.add(secret.revealText());
    }
    return this.#redaction.apply(text);
  }
}

/** Shorter values may be ordinary words. */
const MIN_LENGTH = 8;
const REDACTED = "[redacted]";

/** A text with the escapes of URLs and of quoted strings replaced. Letters are bytes of UTF-8, in latin1. */
interface View {
  readonly letters: string;
  /** Where each letter, and the end, is in the text itself. */
  readonly starts: readonly number[];
}

/** Finds secrets in text: as they are, percent-encoded, in quoted strings and in base64. Takes linear time for any number of secrets. */
export class Redaction {
  /** By their first letters. */
  readonly #plain = new Map<string, string[]>();
  readonly #base64 = new Map<string, string[]>();

  /** Ignores a secret of less than 8 characters. Each long line of a longer text, as of a private key, counts as a secret. */
  add(secret: string): void {
    const whole = secret.trim();
    const [, credentials = ""] = /^(?:Basic|Bearer|Token) +(\S.*)$/is.exec(whole) ?? [];
    const lines = whole.split("\n").map((line) => line.trim());
    const forms = new Set([whole, whole.replaceAll(" ", "+"), credentials, ...lines]);
    for (const form of forms) {
      if (form.length < MIN_LENGTH) continue;
      const bytes = Buffer.from(form);
      index(this.#plain, bytes.toString("latin1"));
      for (const encoded of base64Forms(bytes)) index(this.#base64, encoded);
    }
  }

  /** The text with `[redacted]` in place of each secret. */
  apply(text: string): string {
    const letters = Buffer.from(text).toString("latin1");
    const views = [plainView(letters), unescapedView(letters)];
    const spans = views.flatMap((view) => [
      spansOf(view, this.#plain),
      spansOf(inStandardBase64(view), this.#base64),
    ]);
    let shown = "";
    let at = 0;
    for (const [start, end] of spans.flat().toSorted(([a], [b]) => a - b)) {
      if (start >= at) shown += letters.slice(at, start) + REDACTED;
      at = Math.max(at, end);
    }
    return Buffer.from(shown + letters.slice(at), "latin1").toString();
  }
}

function index(forms: Map<string, string[]>, form: string): void {
  const head = form.slice(0, MIN_LENGTH);
  const same = forms.get(head);
  if (!same) forms.set(head, [form]);
  else if (!same.includes(form)) same.push(form);
}

/** The letters of base64 that depend on the secret alone, behind 0, 1 and 2 other bytes: `user:password` is one of them. */
function base64Forms(secret: Buffer): readonly string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), secret]).toString("base64");
    return encoded.slice(
      Math.ceil((before * 8) / 6),
      Math.floor(((before + secret.length) * 8) / 6),
    );
  });
}

/** The alphabet of base64 in URLs is replaced. */
function inStandardBase64({ letters, starts }: View): View {
  return { letters: letters.replaceAll("-", "+").replaceAll("_", "/"), starts };
}

function plainView(letters: string): View {
  return { letters, starts: Array.from({ length: letters.length + 1 }, (_, at) => at) };
}

function unescapedView(text: string): View {
  let letters = "";
  const starts: number[] = [];
  for (const { 0: written, index: start } of text.matchAll(
    /%[0-9a-f]{2}|\\u00[0-7][0-9a-f]|\\["'\\/]|[^]/gi,
  )) {
    starts.push(start);
    letters +=
      written.length > 2
        ? String.fromCharCode(Number.parseInt(written.replace(/^%|^\\u00/, ""), 16))
        : written.slice(-1);
  }
  return { letters, starts: [...starts, text.length] };
}

function spansOf(
  { letters, starts }: View,
  forms: ReadonlyMap<string, readonly string[]>,
): readonly (readonly [start: number, end: number])[] {
  const spans: (readonly [number, number])[] = [];
  for (let at = 0; at + MIN_LENGTH <= letters.length; at++) {
    for (const form of forms.get(letters.slice(at, at + MIN_LENGTH)) ?? [])
      if (letters.startsWith(form, at))
        spans.push([starts[at] ?? 0, starts[at + form.length] ?? letters.length]);
  }
  return spans;
}
