/** So that four bytes may be read at once anywhere near a frame: those around it never count. */
const MARGIN = 16;

/** The frame that is being decoded, in memory that is had once. */
export class Input {
  static readonly START = MARGIN;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.bytes = new Uint8Array(MARGIN + maxBytes + MARGIN);
    this.view = new DataView(this.bytes.buffer);
    this.#maxBytes = maxBytes;
  }

  /** Where the frame ends, which begins at `START`; 0 if it is too large. */
  load(frame: Uint8Array): number {
    if (frame.length > this.#maxBytes) return 0;
    this.bytes.set(frame, MARGIN);
    return MARGIN + frame.length;
  }
}
