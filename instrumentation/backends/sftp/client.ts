import type { Readable, Writable } from "node:stream";

import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { maxListedNames, tooManyNames } from "../backend.ts";
import type { ListedFile } from "../backend.ts";
import { entriesIn } from "./directory.ts";
import type { Wanted } from "./directory.ts";
import { MalformedPacket, PacketReader, SFTP, packet, string, u32, u64 } from "./packet.ts";
import type { Fields, SftpPacket } from "./packet.ts";
import { inactivityTimeout } from "../child-process/inactivity-timeout.ts";
import type { InactivityTimeout } from "../child-process/inactivity-timeout.ts";

interface SftpOptions {
  /** The pipes of the program that connects to the server. */
  readonly pipes: { readonly stdin: Writable; readonly stdout: Readable };
  /** Prefix of messages about the connection. */
  readonly where: string;
  /** Text of the server for a message: short, without secrets and control characters. */
  readonly shown: (text: string) => string;
  /** Maximum time without data while requests are pending, including the connection to the server. */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
}

/** A file or folder: its path on the server, and its name in messages. */
export interface SftpPath {
  readonly path: string;
  readonly shown: string;
}

type Awaited = PromiseWithResolvers<SftpPacket>;

const VERSION = 3;
/** Every server returns this much in one response. */
const CHUNK = 32 * 1024;
/** Parallel requests for one file and for one folder: a round trip costs more than requests that wait in the pipe. */
const READS = 16;
const READDIRS = 4;
const READ_ONLY = 1;
const NO_ATTRIBUTES = 0;

/** A read-only client of SFTP version 3. */
export class SftpClient {
  /** Aborted when the connection is unusable, with the failure as its reason. */
  readonly dead: AbortSignal;
  readonly #options: SftpOptions;
  readonly #death = new AbortController();
  readonly #inactivity: InactivityTimeout;
  readonly #greeting: Awaited = Promise.withResolvers();
  readonly #awaited = new Map<number, Awaited>();
  #greeted = false;
  #lastId = 0;

  constructor(options: SftpOptions) {
    this.#options = options;
    this.dead = this.#death.signal;
    const { pipes, where, requestTimeoutMs, clock } = options;
    const silent = `${where}: the server sent nothing for ${requestTimeoutMs / 1000} s`;
    const notice = (): void => this.die(new AgentError("timeout", silent));
    this.#inactivity = inactivityTimeout(clock, () => requestTimeoutMs, notice, this.dead);
    const reader = new PacketReader();
    pipes.stdout.on("data", (chunk: Buffer) => {
      if (this.dead.aborted) return;
      this.#inactivity.reset();
      try {
        for (const reply of reader.read(chunk)) this.#receive(reply);
      } catch (error) {
        this.#failure(error);
      }
    });
    this.#inactivity.guard(this.#greeting.promise).catch(() => {});
    pipes.stdin.write(packet(SFTP.init, u32(VERSION)));
  }

  /** Rejects all pending and future requests. The first reason counts. */
  die(reason: AgentError): void {
    this.#death.abort(reason);
    this.#greeting.reject(this.dead.reason);
    for (const { reject } of this.#awaited.values()) reject(this.dead.reason);
    this.#awaited.clear();
  }

  /**
   * Lists the regular files, or the folders, in a folder.
   * @throws AgentError `not_found`, `denied`, `other` for a listing that exceeds `maxListedNames`
   */
  async list(
    folder: SftpPath,
    wanted: Wanted,
    signal: AbortSignal,
  ): Promise<{ readonly files: readonly ListedFile[]; readonly receivedBytes: number }> {
    return this.#with(folder, SFTP.opendir, [], async (handle) => {
      const files: ListedFile[] = [];
      let seen = 0;
      let receivedBytes = 0;
      for (;;) {
        const asked = Array.from({ length: READDIRS }, () => this.#ask(SFTP.readdir, handle));
        for (const reply of await Promise.all(asked)) {
          receivedBytes += reply.bytes;
          const entries = this.#answer(reply, SFTP.name, folder);
          if (!entries) return { files, receivedBytes };
          const count = entries.u32();
          for (const file of entriesIn(entries, count, wanted.kind)) files.push(file);
          // A packet counts as well, so that an endless directory ends.
          seen += count + 1;
          if (seen > maxListedNames(wanted.type)) throw tooManyNames(folder.shown, wanted.type);
        }
        signal.throwIfAborted();
      }
    });
  }

  /** @throws AgentError `not_found`, `denied`, `corrupt` for a file that is not regular or exceeds `maxBytes` */
  async load(file: SftpPath, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const flags = [u32(READ_ONLY), u32(NO_ATTRIBUTES)];
    return this.#with(file, SFTP.open, flags, async (handle) => {
      // One round trip for a small file: size and content.
      const [stat, first] = await Promise.all([
        this.#ask(SFTP.fstat, handle),
        this.#read(handle, 0, CHUNK),
      ]);
      const found = this.#answer(stat, SFTP.attributes, file)?.attributes();
      if (found?.isFile === false)
        throw new AgentError("corrupt", `${file.shown} is not a regular file`);
      const sizeBytes = found?.sizeBytes;
      if (sizeBytes === undefined)
        throw new AgentError("other", `${file.shown}: the server does not report the size`);
      if (sizeBytes > maxBytes)
        throw new AgentError(
          "corrupt",
          `${file.shown} has ${sizeBytes} bytes, more than the allowed ${maxBytes}`,
        );
      return this.#fill(Buffer.alloc(sizeBytes), handle, first, file, signal);
    });
  }

  /** Reads the rest of a file in parallel requests. If the file became shorter, so is the result. */
  async #fill(
    bytes: Buffer,
    handle: Buffer,
    first: SftpPacket,
    file: SftpPath,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    let end = bytes.length;
    let next = 0;
    const part = async (from: number, to: number): Promise<void> => {
      let at = from;
      while (at < to) {
        const reply = at === 0 ? first : await this.#read(handle, at, to - at);
        const data = this.#answer(reply, SFTP.data, file)?.bytes();
        if (!data || data.length === 0) {
          end = Math.min(end, at);
          return;
        }
        at += data.copy(bytes, at, 0, to - at);
      }
    };
    const parts = async (): Promise<void> => {
      while (next < end) {
        signal.throwIfAborted();
        const from = next;
        next += CHUNK;
        await part(from, Math.min(next, bytes.length));
      }
    };
    await Promise.all(Array.from({ length: READS }, parts));
    return bytes.subarray(0, end);
  }

  /** Opens a handle, does the work, and closes the handle without waiting. */
  async #with<T>(
    target: SftpPath,
    opening: number,
    fields: readonly Buffer[],
    work: (handle: Buffer) => Promise<T>,
  ): Promise<T> {
    try {
      const reply = await this.#ask(opening, string(target.path), ...fields);
      const handle = this.#answer(reply, SFTP.handle, target)?.bytes();
      if (!handle) throw new MalformedPacket("end of file instead of a handle");
      const field = string(handle);
      try {
        return await work(field);
      } finally {
        this.#ask(SFTP.close, field).catch(() => {});
      }
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #read(handle: Buffer, offset: number, length: number): Promise<SftpPacket> {
    return this.#ask(SFTP.read, handle, u64(offset), u32(length));
  }

  async #ask(type: number, ...fields: readonly Buffer[]): Promise<SftpPacket> {
    await this.#greeting.promise;
    this.dead.throwIfAborted();
    this.#lastId = (this.#lastId + 1) % 2 ** 32;
    const id = this.#lastId;
    const awaited: Awaited = Promise.withResolvers();
    this.#awaited.set(id, awaited);
    this.#options.pipes.stdin.write(packet(type, u32(id), ...fields));
    return this.#inactivity.guard(awaited.promise);
  }

  #receive(reply: SftpPacket): void {
    if (!this.#greeted) {
      if (reply.type !== SFTP.version || reply.body.u32() !== VERSION)
        throw new MalformedPacket(`version ${VERSION} is not supported`);
      this.#greeted = true;
      this.#greeting.resolve(reply);
      return;
    }
    const id = reply.body.u32();
    const awaited = this.#awaited.get(id);
    if (!awaited) throw new MalformedPacket("a response without a request");
    this.#awaited.delete(id);
    awaited.resolve(reply);
  }

  /** The fields of a response; undefined: the end of the file or folder. */
  #answer(reply: SftpPacket, type: number, { shown }: SftpPath): Fields | undefined {
    if (reply.type === type) return reply.body;
    if (reply.type !== SFTP.status)
      throw new MalformedPacket(`an unexpected packet of type ${reply.type}`);
    const code = reply.body.u32();
    if (code === 1) return undefined;
    if (code === 2) throw new AgentError("not_found", `${shown} does not exist`);
    if (code === 3) throw new AgentError("denied", `${shown}: permission denied`);
    const said = this.#options.shown(reply.body.bytes().toString());
    throw new AgentError("other", `${shown}: the SFTP server answers ${code} ${said}`.trim());
  }

  /** After a malformed packet the stream cannot be read any further. */
  #failure(error: unknown): unknown {
    if (!(error instanceof MalformedPacket)) return error;
    const hint = this.#greeted ? "" : "; the login shell must not print anything (.bashrc)";
    const said = `"${this.#options.shown(error.message.replace(/[\r\n].*/s, ""))}"${hint}`;
    this.die(new AgentError("other", `${this.#options.where} does not speak SFTP: ${said}`));
    return this.dead.reason;
  }
}
