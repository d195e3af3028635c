import { forParts, sortedInSteps, turnIfLong } from "../../../core/in-steps.ts";
import type { Backend } from "../../../backends/backend.ts";
import type { ConfigFile } from "../config-file.ts";
import type { Key } from "../../crypto/key.ts";
import { loadSnapshots } from "./load-snapshots.ts";
import type { SnapshotBounds, SnapshotFiles, Unreadable } from "./load-snapshots.ts";
import { lossesIn } from "./losses.ts";
import type { Loss } from "./losses.ts";
import { seenWithOriginal } from "./twins.ts";
import { sharing } from "../sharing.ts";
import { Sightings } from "../sightings.ts";
import type { Listed, SnapshotCache } from "../snapshot-cache.ts";
import type { DecodedSnapshot, Snapshot } from "../snapshot.ts";
import { compareInstants } from "../timestamp.ts";
import type { ChangeHistory, JudgeChanges, ListingChange } from "./change-history.ts";

/** The snapshots of one repository that were read. They never change. */
export class KnownSnapshots {
  readonly #cache: SnapshotCache | undefined;
  /** The cache was read since the last `clear`, or there is none. */
  #isRestored: boolean;
  #byId = new Map<string, Snapshot>();
  readonly #bounds: SnapshotBounds;
  #unreadable: ReadonlyMap<string, Unreadable | undefined> = new Map();
  #sightings = new Sightings();
  /** Files whose details cannot be read. */
  readonly #unfillable = new Set<string>();
  readonly #judge: JudgeChanges | undefined;
  #history: ChangeHistory | undefined;
  /** A complete listing is known. */
  #hasListing = false;
  /** Snapshots that it does not have. */
  readonly #unlisted = new Set<string>();

  /** @param maxBytes bound of a snapshot file and of its JSON */
  constructor(cache: SnapshotCache | undefined, maxBytes: number, judge?: JudgeChanges) {
    this.#judge = judge;
    this.#cache = cache;
    this.#isRestored = !cache;
    this.#bounds = { maxBytes, exceeding: new Map() };
  }

  /** By file name; also those that an interrupted collection has read, so that the next one does not read them again. */
  get byId(): ReadonlyMap<string, Snapshot> {
    return this.#byId;
  }

  /** As of the last complete listing. */
  get history(): ChangeHistory | undefined {
    return this.#history;
  }

  /** The names in a listing that are not known. */
  async unknownIn(listed: ReadonlySet<string>): Promise<readonly string[]> {
    const unknown: string[] = [];
    await forParts([...listed], (part) => {
      for (const id of part) if (!this.#byId.has(id)) unknown.push(id);
    });
    return unknown;
  }

  /**
   * How many known snapshots a listing lacks, and the backup sets that lost them.
   * @param fresh names that were read from it
   */
  async compare(
    listed: ReadonlySet<string>,
    fresh: readonly string[],
  ): Promise<{ readonly missing: number; readonly losses: readonly Loss[] }> {
    await turnIfLong(this.#byId.size);
    const missing: Snapshot[] = [];
    await forParts([...this.#byId.values()], (part) => {
      for (const snapshot of part) if (!listed.has(snapshot.id)) missing.push(snapshot);
    });
    return { missing: missing.length, losses: lossesIn(missing, this.#byId, listed, fresh) };
  }

  /** Config may have changed: a file has another key, or a format that the version of the repository does not have. */
  isSuspicious({ foreign, compressed }: SnapshotFiles, { version }: ConfigFile): boolean {
    const isNew = [...foreign].some((id) => this.#unreadable.get(id)?.code !== "corrupt");
    return isNew || (compressed && version === 1);
  }

  /** The storage refused a file that it did not refuse before: the repository may be away. */
  isRefused({ unreadable }: SnapshotFiles): boolean {
    return [...unreadable].some(
      ([id, { code }]) => code !== "corrupt" && !this.#unreadable.has(id),
    );
  }

  /** The file may not need to be loaded: it was read, exceeds a bound, or may be in the cache, which is read when a key is open. */
  mayHave(id: string): boolean {
    return !this.#isRestored || this.#byId.has(id) || this.#bounds.exceeding.has(id);
  }

  clear(): void {
    this.#isRestored = !this.#cache;
    this.#byId.clear();
    this.#unlisted.clear();
    this.#hasListing = false;
    this.#unreadable = new Map();
  }

  /** Begins with the snapshots that are known from before a restart. @returns the last complete listing */
  async restore(repositoryId: string, master: Key): Promise<Listed | undefined> {
    this.clear();
    const remembered = await this.#cache?.load(repositoryId, master);
    await turnIfLong(remembered?.snapshots.size ?? 0);
    const listed = remembered?.listed;
    this.#sightings = new Sightings(listed);
    const unreadable = [...(listed?.unreadable.keys() ?? [])];
    this.#unreadable = new Map(unreadable.map((id) => [id, undefined]));
    if (remembered) this.#byId = remembered.snapshots;
    this.#isRestored = true;
    if (listed?.snapshots !== this.#byId)
      for (const id of this.#byId.keys()) if (!listed?.snapshots.has(id)) this.#unlisted.add(id);
    this.#hasListing = listed !== undefined;
    this.#history = listed?.history;
    return listed;
  }

  /** Begins with snapshots that were published, unless others are known: a loss in the first listing shows. */
  adopt(published: Iterable<Snapshot> = []): void {
    if (this.#byId.size > 0) return;
    for (const snapshot of published) this.#byId.set(snapshot.id, snapshot);
    this.#hasListing ||= this.#byId.size > 0;
  }

  /** Begins with the history of a complete listing that was published, unless another one is known. */
  adoptHistory(history: ChangeHistory): void {
    this.#hasListing ||= this.#history === undefined;
    this.#history ??= history;
  }

  /** @param at when a listing begins, milliseconds since the epoch */
  begin(at: number): void {
    this.#sightings.begin(at);
  }

  /** Reads the files that are not known, those that could not be read last time at the end. Keeps each snapshot even if a later file fails. */
  async load(
    backend: Backend,
    master: Key,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<SnapshotFiles> {
    const fresh: Snapshot[] = [];
    const share = sharing(this.#byId.values());
    const found = (decoded: DecodedSnapshot): void => {
      const snapshot = share(decoded, this.#sightings.of(decoded.id));
      this.#byId.set(snapshot.id, snapshot);
      // A first listing adds nothing.
      if (this.#hasListing) this.#unlisted.add(snapshot.id);
      fresh.push(snapshot);
    };
    const knownUnreadable = this.#unreadable;
    await turnIfLong(this.#byId.size + names.length);
    const unknown = await sortedInSteps(names.filter((id) => !this.#byId.has(id)));
    const again = unknown.filter((id) => knownUnreadable.has(id));
    const ids =
      again.length > 0 ? [...unknown.filter((id) => !knownUnreadable.has(id)), ...again] : unknown;
    const queue = { ids, knownUnreadable, found };
    try {
      return await loadSnapshots(backend, master, queue, this.#bounds, signal);
    } finally {
      const seen = seenWithOriginal(fresh, this.#byId);
      for (const snapshot of seen) this.#byId.set(snapshot.id, snapshot);
      await this.#cache?.append(seen);
      await turnIfLong(fresh.length);
    }
  }

  /**
   * Reads the snapshots again that lack details, newest first, as many as the cache allows. A failure leaves them to the next collection,
   * or to the next start if it is the file's.
   */
  async fill(backend: Backend, master: Key, signal: AbortSignal): Promise<void> {
    const lacking = [...this.#byId.values()].filter(
      ({ id, details }) => !details && !this.#unfillable.has(id),
    );
    const allowed = lacking.length > 0 ? (this.#cache?.allowReads?.(lacking.length) ?? 0) : 0;
    const newest = lacking.toSorted((a, b) => compareInstants(b.time, a.time)).slice(0, allowed);
    const fresh: Snapshot[] = [];
    const share = sharing(this.#byId.values());
    const found = (decoded: DecodedSnapshot): void => {
      fresh.push(share(decoded, this.#byId.get(decoded.id)?.firstSeen));
    };
    const queue = { ids: newest.map(({ id }) => id), knownUnreadable: new Map(), found };
    try {
      const files = await loadSnapshots(backend, master, queue, this.#bounds, signal);
      for (const [id, { code }] of files.unreadable)
        if (code === "corrupt" || code === "denied") this.#unfillable.add(id);
    } catch {
      // The signal was aborted. The sets are known without details.
    }
    for (const snapshot of fresh) this.#byId.set(snapshot.id, snapshot);
    if (fresh.length > 0) await this.#cache?.append(fresh);
  }

  /** Forgets what a complete collection did not find, and judges how it differs from the one before. */
  async settle(
    listed: ReadonlySet<string>,
    unreadable: ReadonlyMap<string, Unreadable>,
    { at, repositoryId, keys }: Pick<ListingChange, "at" | "repositoryId" | "keys">,
  ): Promise<void> {
    const turn = (): Promise<void> => turnIfLong(this.#byId.size);
    await turn();
    const removed: Snapshot[] = [];
    await forParts([...this.#byId.values()], (part) => {
      for (const snapshot of part) {
        const { id } = snapshot;
        if (listed.has(id)) continue;
        this.#byId.delete(id);
        if (!this.#unlisted.delete(id)) removed.push(snapshot);
      }
    });
    for (const id of this.#bounds.exceeding.keys())
      if (!listed.has(id)) this.#bounds.exceeding.delete(id);
    this.#unreadable = unreadable;
    await turn();
    const added = [...this.#unlisted].flatMap((id) => this.#byId.get(id) ?? []);
    const isFirst = !this.#hasListing;
    const change = { repositoryId, at, isFirst, added, removed, listed: this.#byId, keys };
    this.#history = await this.#judge?.(this.#history, change);
    this.#unlisted.clear();
    this.#hasListing = true;
    await turn();
    const all = this.#sightings.settle(this.#byId, unreadable, at);
    await this.#cache?.settle({ ...all, history: this.#history });
  }
}
