/** What a server sent for one request. */
export interface Answer {
  readonly status: number;
  /** Lower-case names; several of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What came is no HTTP/1.1. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** The body has more bytes than were asked for at most. */
export class TooLongError extends Error {
  override readonly name = "TooLongError";
}

const MAX_HEAD_BYTES = 64 * 1024;
/** Of the size of a chunk with its extensions. */
const MAX_LINE_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);
const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: .*)?$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What would end a line. */
const LINE_BREAK = /[\r\n]/;
const CHUNK_SIZE = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?$/;

/** What the next bytes are; `close`: a body that ends with the connection. */
type Part = "head" | "body" | "close" | "chunk size" | "chunk" | "chunk end" | "trailer";

/** Reads the answers of one connection, one after the other. RFC 9112, sections 2 to 9. */
export class AnswerReader {
  /** True as soon as anything of the answer has come. */
  begun = false;
  /** False if the connection is at its end after this answer. */
  lasting = true;
  /** How many of the bytes that were handed over last are not of this answer. */
  left = 0;
  #maxBytes = 0;
  #part: Part = "head";
  #status = 0;
  #headers: Record<string, string> = {};
  /** Of the body, or of the chunk. */
  #missing = 0;
  #chunks: Buffer[] = [];
  #size = 0;
  /** The beginning of something that cannot be told yet. */
  #pending: Buffer = NOTHING;
  #trailerBytes = 0;

  /** The next bytes are those of a new answer. */
  begin(maxBytes: number): void {
    this.begun = false;
    this.#maxBytes = maxBytes;
    this.#part = "head";
    this.#chunks = [];
    this.#size = 0;
    this.#trailerBytes = 0;
  }

  /**
   * @param received is not kept: it may be overwritten afterwards
   * @returns the answer if it is whole
   * @throws ProtocolError, TooLongError
   */
  feed(received: Buffer): Answer | undefined {
    this.begun = true;
    let bytes = received;
    if (this.#pending.length > 0) {
      bytes = Buffer.concat([this.#pending, received]);
      this.#pending = NOTHING;
    }
    for (let at = 0; ;) {
      const next = this.#take(bytes, at);
      if (next === undefined) {
        if (at < bytes.length) this.#pending = Buffer.from(bytes.subarray(at));
        return undefined;
      }
      at = next;
      if (this.#isWhole()) {
        this.left = bytes.length - at;
        return this.#answer();
      }
    }
  }

  /** The connection is at its end. @returns the answer if that was the sign for which its body waited */
  end(): Answer | undefined {
    return this.#part === "close" ? this.#answer() : undefined;
  }

  #isWhole(): boolean {
    return this.#part === "body" && this.#missing === 0;
  }

  #answer(): Answer {
    const [first = NOTHING] = this.#chunks;
    const body = this.#chunks.length < 2 ? first : Buffer.concat(this.#chunks, this.#size);
    this.#chunks = [];
    return { status: this.#status, headers: this.#headers, body };
  }

  /** Takes one part that begins at `at`. @returns where the next one begins; undefined if more must come first */
  #take(bytes: Buffer, at: number): number | undefined {
    switch (this.#part) {
      case "head":
        return this.#takeHead(bytes, at);
      case "body":
      case "chunk":
      case "close":
        return this.#takeBody(bytes, at);
      default: {
        const end = bytes.indexOf(LINE_END, at);
        if (end < 0 && bytes.length - at > MAX_LINE_BYTES)
          throw new ProtocolError("a line between chunks has no end");
        if (end < 0) return undefined;
        this.#takeLine(bytes.toString("latin1", at, end));
        return end + LINE_END.length;
      }
    }
  }

  #takeHead(bytes: Buffer, at: number): number | undefined {
    const end = bytes.indexOf(HEAD_END, at);
    if ((end < 0 ? bytes.length : end) - at > MAX_HEAD_BYTES)
      throw new ProtocolError(`its headers have more than ${MAX_HEAD_BYTES / 1024} KiB`);
    if (end < 0) {
      // Who speaks something else may wait for us now.
      const start = bytes.toString("latin1", at, at + 5);
      if (!"HTTP/".startsWith(start)) throw notHttp();
      return undefined;
    }
    const [statusLine = "", ...lines] = bytes.toString("latin1", at, end).split("\r\n");
    const match = STATUS_LINE.exec(statusLine);
    if (!match) throw notHttp();
    this.#status = Number(match[2]);
    this.#headers = headersIn(lines);
    this.lasting = isLasting(match[1] === "1", this.#headers["connection"]);
    // 100 and 103 come before the answer; nobody asks for 101.
    if (this.#status === 101) throw new ProtocolError("it changes to another protocol");
    if (this.#status >= 200) this.#expectBody();
    return end + HEAD_END.length;
  }

  #expectBody(): void {
    const { "transfer-encoding": encoding, "content-length": length } = this.#headers;
    this.#part = "body";
    this.#missing = 0;
    if (this.#status === 204 || this.#status === 304) return;
    if (encoding !== undefined) {
      if (encoding.toLowerCase() !== "chunked" || length !== undefined)
        throw new ProtocolError("where its body ends is not clear");
      this.#part = "chunk size";
    } else if (length === undefined) {
      this.#part = "close";
      this.lasting = false;
    } else if (/^\d{1,15}$/.test(length)) this.#expect(Number(length));
    else throw new ProtocolError("its Content-Length is no number");
  }

  #expect(bytes: number): void {
    if (this.#size + bytes > this.#maxBytes) throw new TooLongError("more than was asked for");
    this.#missing = bytes;
  }

  #takeBody(bytes: Buffer, at: number): number | undefined {
    if (at === bytes.length) return undefined;
    if (this.#part === "close") this.#expect(bytes.length - at);
    const end = Math.min(bytes.length, at + this.#missing);
    this.#chunks.push(Buffer.from(bytes.subarray(at, end)));
    this.#size += end - at;
    this.#missing -= end - at;
    if (this.#part === "chunk" && this.#missing === 0) this.#part = "chunk end";
    return end;
  }

  #takeLine(line: string): void {
    if (this.#part === "chunk end") {
      if (line !== "") throw new ProtocolError("a chunk is longer than it says");
      this.#part = "chunk size";
    } else if (this.#part === "trailer") {
      this.#trailerBytes += line.length;
      if (this.#trailerBytes > MAX_HEAD_BYTES) throw new ProtocolError("its trailer has no end");
      if (line === "") this.#part = "body";
    } else {
      const size = CHUNK_SIZE.exec(line)?.[1];
      if (size === undefined) throw new ProtocolError("a chunk has no size");
      this.#expect(Number.parseInt(size, 16));
      this.#part = this.#missing === 0 ? "trailer" : "chunk";
    }
  }
}

function headersIn(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!NAME.test(name) || LINE_BREAK.test(line))
      throw new ProtocolError("one of its headers is none");
    const value = line.slice(beginOf(line, colon + 1)).trimEnd();
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}

/** Where the value begins: after spaces and tabs. */
function beginOf(line: string, start: number): number {
  let at = start;
  while (line[at] === " " || line[at] === "\t") at += 1;
  return at;
}

function isLasting(isHttp11: boolean, connection = ""): boolean {
  const options = connection.toLowerCase();
  return isHttp11 ? !options.includes("close") : options.includes("keep-alive");
}

function notHttp(): ProtocolError {
  return new ProtocolError("it does not begin with a status line");
}
