/** Packets of SFTP version 3: draft-ietf-secsh-filexfer-02. */
export const SFTP = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  fstat: 8,
  opendir: 11,
  readdir: 12,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attributes: 105,
} as const;

export interface SftpPacket {
  readonly type: number;
  /** The packet after its type. */
  readonly body: Fields;
  readonly bytes: number;
}

export interface SftpAttributes {
  readonly sizeBytes: number | undefined;
  /** false: the server reports a directory, a link, a pipe or another type. */
  readonly isFile: boolean;
  /** false: the server reports another type than a directory or a link, which may lead to one. */
  readonly isFolder: boolean;
}

/** Known servers send at most 256 KiB. */
const MAX_PACKET = 512 * 1024;

/** Bytes that are shown of a program that does not speak SFTP: enough to recognize a secret in its first line. */
const MAX_SHOWN = 4096;

export class MalformedPacket extends Error {}

const LENGTH_BYTES = 4;

/** Splits a stream into packets, whatever the size of its chunks. */
export class PacketReader {
  /** The packet in its whole length, or the length alone as long as it is not complete. */
  #packet = Buffer.alloc(LENGTH_BYTES);
  #filled = 0;

  /** @throws MalformedPacket with the received text for an invalid length */
  *read(chunk: Buffer): Generator<SftpPacket> {
    for (let at = 0; at < chunk.length;) {
      const copied = chunk.copy(this.#packet, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled < this.#packet.length) return;
      const whole = this.#packet;
      if (whole.length === LENGTH_BYTES) {
        const length = whole.readUInt32BE(0);
        if (length < 1 || length > MAX_PACKET)
          throw new MalformedPacket(
            Buffer.concat([whole, chunk.subarray(at, MAX_SHOWN)]).toString(),
          );
        this.#packet = Buffer.alloc(LENGTH_BYTES + length);
        whole.copy(this.#packet);
      } else {
        this.#packet = Buffer.alloc(LENGTH_BYTES);
        this.#filled = 0;
        const body = new Fields(whole.subarray(LENGTH_BYTES + 1));
        yield { type: whole.readUInt8(LENGTH_BYTES), body, bytes: whole.length };
      }
    }
  }
}

/** Reads the fields of a packet in order. Each throws MalformedPacket if the packet is too short. */
export class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#pass(4));
  }

  /** Inexact beyond 2^53, which exceeds every bound. */
  u64(): number {
    return this.u32() * 2 ** 32 + this.u32();
  }

  bytes(): Buffer {
    const length = this.u32();
    const start = this.#pass(length);
    return this.#bytes.subarray(start, start + length);
  }

  attributes(): SftpAttributes {
    const flags = this.u32();
    const sizeBytes = flags & 1 ? this.u64() : undefined;
    if (flags & 2) this.#pass(8);
    const type = flags & 4 ? this.u32() & 0o170_000 : 0;
    if (flags & 8) this.#pass(8);
    if (flags & 0x8000_0000)
      for (let pairs = this.u32(); pairs > 0; pairs--) for (const _ of [0, 1]) this.bytes();
    // The type is optional.
    const isOf = (wanted: number): boolean => type === 0 || type === wanted;
    return { sizeBytes, isFile: isOf(0o100_000), isFolder: isOf(0o040_000) || isOf(0o120_000) };
  }

  /** Where the next field of this length begins. */
  #pass(length: number): number {
    const start = this.#at;
    if (start + length > this.#bytes.length) throw new MalformedPacket("the packet is too short");
    this.#at = start + length;
    return start;
  }
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

export function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
}

export function packet(type: number, ...fields: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(fields);
  return Buffer.concat([u32(body.length + 1), Buffer.of(type), body]);
}
