import { lengthOf, type Bytes } from '@healthchain/core';
import { roomFor } from './room.ts';

/** Up to this size a copy costs less than a part of its own. */
const SMALL_BYTES = 4096;

/**
 * Writes protobuf messages exactly as Go's `proto.Marshal` does for proto3: the caller writes fields in ascending order;
 * scalars, strings and bytes of default value are left out, messages that are present are written even when empty.
 */
export class WireWriter {
  /** What has been written, in order: single bytes, and arrays that are copied once, at the end. */
  readonly #parts: (number | Uint8Array)[] = [];
  #length = 0;

  bytes(field: number, value: Uint8Array): this {
    return value.length === 0 ? this : this.present(field, value);
  }

  string(field: number, value: string): this {
    return value === '' ? this : this.present(field, Buffer.from(value));
  }

  /** A message, an element of a repeated field, or a member of a oneof: written even when empty. */
  present(field: number, value: Uint8Array): this {
    return this.head(field, value.length).raw(value);
  }

  /** As `present`, of a value in parts. */
  presentParts(field: number, parts: readonly Uint8Array[]): this {
    this.head(field, lengthOf(parts));
    for (const part of parts) this.raw(part);
    return this;
  }

  /** As `present`, of a message that is still being written: its bytes are copied once, when the outermost message ends. */
  message(field: number, inner: WireWriter): this {
    this.head(field, inner.#length);
    for (const part of inner.#parts) this.#parts.push(part);
    this.#length += inner.#length;
    return this;
  }

  /** Tag and length of a field whose bytes the caller puts behind them. */
  head(field: number, length: number): this {
    this.#varint(field * 8 + 2);
    this.#varint(length);
    return this;
  }

  uint(field: number, value: number | bigint): this {
    if (value === 0 || value === 0n) return this;
    this.#varint(field * 8);
    this.varint(value);
    return this;
  }

  /** A member of a oneof, or a scalar with presence: written even when 0. */
  presentUint(field: number, value: number): this {
    this.#varint(field * 8);
    this.#varint(value);
    return this;
  }

  bool(field: number, value: boolean): this {
    return value ? this.uint(field, 1) : this;
  }

  /** A bare varint, without a tag. */
  varint(value: number | bigint): this {
    if (typeof value === 'number' && value <= 0x7fffffff) this.#varint(value);
    else this.#bigVarint(BigInt(value));
    return this;
  }

  /** Bytes as they are, without a tag; not to be changed before `finish`. */
  raw(value: Uint8Array): this {
    this.#parts.push(value);
    this.#length += value.length;
    return this;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  finish(): Bytes {
    const bytes = roomFor(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      if (typeof part === 'number') bytes[offset++] = part;
      else {
        bytes.set(part, offset);
        offset += part.length;
      }
    }
    return bytes;
  }

  /** As `finish`, in parts: large arrays stay where they are, for who writes or hashes one part after the other. */
  finishParts(): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let small = new WireWriter();
    const flush = () => {
      if (!small.isEmpty) parts.push(small.finish());
      small = new WireWriter();
    };
    for (const part of this.#parts) {
      if (typeof part === 'number') small.#byte(part);
      else if (part.length <= SMALL_BYTES) small.raw(part);
      else {
        flush();
        parts.push(part);
      }
    }
    flush();
    return parts;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#byte((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.#byte(rest);
  }

  #bigVarint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#byte(Number(rest));
  }

  #byte(value: number): void {
    this.#parts.push(value);
    this.#length += 1;
  }
}
