import type { Backend, FileType, Page } from "../../backends/backend.ts";
import { idsIn } from "./listing.ts";

/** Bound of what is held until a key opens it. */
const MAX_BYTES = 16 * 2 ** 20;

/**
 * A backend that can make use of the half second of a key derivation: from `begin` on it lists and loads snapshot files of its
 * own accord, and hands out what it has when it is asked for it. Nothing is loaded twice.
 */
export class ReadAhead implements Backend {
  readonly location: string;
  readonly connections: number;
  readonly #backend: Backend;
  readonly #isKnown: (id: string) => boolean;
  readonly #signal: AbortSignal;
  readonly #ended = new AbortController();
  readonly #files = new Map<string, Promise<Uint8Array>>();
  #page: Promise<Page> | undefined;
  #going = false;
  #bytes = 0;

  /** @param isKnown tells the snapshots that need not be loaded */
  constructor(backend: Backend, isKnown: (id: string) => boolean, signal: AbortSignal) {
    this.location = backend.location;
    this.connections = backend.connections;
    this.#backend = backend;
    this.#isKnown = isKnown;
    this.#signal = AbortSignal.any([signal, this.#ended.signal]);
  }

  begin(): void {
    if (this.#going) return;
    this.#going = true;
    this.#page = this.#backend.list("snapshots", undefined, this.#signal);
    this.#page.then(
      ({ names }) => {
        // In the order in which they will be asked for.
        const wanted = [...idsIn(names)]
          .filter((id) => !this.#isKnown(id))
          .toSorted()
          .values();
        for (let place = 0; place < this.connections; place++) void this.#loadEach(wanted);
      },
      // Whoever asks for the listing gets the failure.
      () => {},
    );
  }

  /** What is still under way is given up. */
  end(): void {
    this.#going = false;
    this.#ended.abort();
  }

  list(type: FileType, from: string | undefined, signal: AbortSignal): Promise<Page> {
    const page = type === "snapshots" && from === undefined ? this.#page : undefined;
    if (!page) return this.#backend.list(type, from, signal);
    this.#page = undefined;
    return page;
  }

  load(type: FileType, name: string, signal: AbortSignal): Promise<Uint8Array> {
    if (type !== "snapshots") return this.#backend.load(type, name, signal);
    this.#going = false;
    const file = this.#files.get(name);
    this.#files.delete(name);
    return file ?? this.#backend.load(type, name, signal);
  }

  async #loadEach(wanted: Iterable<string>): Promise<void> {
    for (const name of wanted) {
      if (!this.#going || this.#bytes > MAX_BYTES) return;
      try {
        const file = this.#backend.load("snapshots", name, this.#signal);
        this.#files.set(name, file);
        this.#bytes += (await file).length;
      } catch {
        // Whoever asks for the file gets the failure.
        return;
      }
    }
  }
}
