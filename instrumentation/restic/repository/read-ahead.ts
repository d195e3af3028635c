import type { Backend, FileType, ListOptions, Page } from "../../backends/backend.ts";
import { forParts, sortedInSteps } from "../../core/in-steps.ts";
import { idsIn } from "./listing.ts";

/** Bound of the files that wait for a key. */
const MAX_BYTES = 16 * 2 ** 20;

/**
 * Uses the half second of a key derivation: after `begin` it lists and loads snapshot files that will be asked for, and returns
 * them when they are. No file is loaded twice.
 */
export class ReadAhead implements Backend {
  readonly location: string;
  readonly connections: number;
  readonly slices: boolean | undefined;
  readonly #backend: Backend;
  readonly #isKnown: (id: string) => boolean;
  readonly #signal: AbortSignal;
  readonly #ended = new AbortController();
  readonly #files = new Map<string, Promise<Uint8Array>>();
  #page: Promise<Page> | undefined;
  #isLoading = false;
  #bytes = 0;

  /** @param isKnown true for snapshots that may not need to be loaded */
  constructor(backend: Backend, isKnown: (id: string) => boolean, signal: AbortSignal) {
    this.location = backend.location;
    this.connections = backend.connections;
    this.slices = backend.slices;
    this.#backend = backend;
    this.#isKnown = isKnown;
    this.#signal = AbortSignal.any([signal, this.#ended.signal]);
  }

  begin(): void {
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.#page = this.#backend.list("snapshots", undefined, this.#signal);
    this.#page.then(
      (page) => this.#loadWanted(page),
      // The caller of `list` gets the error.
      () => {},
    );
  }

  async #loadWanted({ names }: Page): Promise<void> {
    const wanted: string[] = [];
    await forParts(names, (part) => {
      for (const id of idsIn(part)) if (!this.#isKnown(id)) wanted.push(id);
    });
    // The order of the reader.
    const queue = (await sortedInSteps(wanted)).values();
    for (let worker = 0; worker < this.connections; worker++) void this.#loadEach(queue);
  }

  /** Aborts what is not finished. */
  end(): void {
    this.#isLoading = false;
    this.#ended.abort();
  }

  list(
    type: FileType,
    from: string | undefined,
    signal: AbortSignal,
    options?: ListOptions,
  ): Promise<Page> {
    const page = type === "snapshots" && from === undefined ? this.#page : undefined;
    if (!page) return this.#backend.list(type, from, signal, options);
    this.#page = undefined;
    return page;
  }

  load(type: FileType, name: string, signal: AbortSignal): Promise<Uint8Array> {
    if (type !== "snapshots") return this.#backend.load(type, name, signal);
    this.#isLoading = false;
    const file = this.#files.get(name);
    this.#files.delete(name);
    return file ?? this.#backend.load(type, name, signal);
  }

  async #loadEach(queue: Iterable<string>): Promise<void> {
    for (const name of queue) {
      if (!this.#isLoading || this.#bytes > MAX_BYTES) return;
      try {
        const file = this.#backend.load("snapshots", name, this.#signal);
        this.#files.set(name, file);
        this.#bytes += (await file).length;
      } catch {
        // The caller of `load` gets the error.
        return;
      }
    }
  }
}
