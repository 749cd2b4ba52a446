import { utf8, type Bytes } from '@healthchain/core';

const INITIAL = 256;

/**
 * Writes protobuf messages exactly as Go's `proto.Marshal` does for proto3: the caller writes fields in ascending order;
 * scalars, strings and bytes of default value are left out, messages that are present are written even when empty.
 */
export class WireWriter {
  #bytes: Bytes = new Uint8Array(INITIAL);
  #length = 0;

  bytes(field: number, value: Uint8Array): this {
    return value.length === 0 ? this : this.present(field, value);
  }

  string(field: number, value: string): this {
    return value === '' ? this : this.present(field, utf8(value));
  }

  /** A message, an element of a repeated field, or a member of a oneof: written even when empty. */
  present(field: number, value: Uint8Array): this {
    return this.head(field, value.length).raw(value);
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

  /** Bytes as they are, without a tag. */
  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  finish(): Bytes {
    return this.#bytes.slice(0, this.#length);
  }

  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  #bigVarint(value: bigint): void {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
