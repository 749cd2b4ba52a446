import { isUtf8 } from 'node:buffer';
import { LedgerError } from '../error.ts';

/** 28 bits: small enough for integer arithmetic. */
const SHORT_VARINT_BYTES = 4;

/**
 * A strict reader of the protobuf wire format with the outcomes of Go's `proto.Unmarshal`, which decides for Fabric what is
 * malformed: strings that are not UTF-8, truncated values, field number 0 and unbalanced groups are errors; unknown fields,
 * and known fields of another wire type, are skipped; of a repeated scalar the last counts. Bytes are views, never copies.
 */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;
  /** Of the field that `next` stopped at. */
  field = 0;
  wireType = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.#position = 0;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#position >= this.#end) return false;
    const tag = this.#varint();
    if (tag > 0xffffffff) throw malformed('field number out of range');
    this.wireType = tag % 8;
    this.field = (tag - this.wireType) / 8;
    if (this.field === 0) throw malformed('field number 0');
    return true;
  }

  bytes(): Uint8Array {
    const start = this.enter();
    return this.#bytes.subarray(start, this.#position);
  }

  /** Reads over bytes without making a view of them. @returns where they begin; they end at `position` */
  enter(): number {
    const length = this.#varint();
    const start = this.#position;
    if (length > this.#end - start) throw malformed('truncated field');
    this.#position = start + length;
    return start;
  }

  get position(): number {
    return this.#position;
  }

  string(): string {
    const bytes = this.bytes();
    if (!isUtf8(bytes)) throw malformed('a string that is not UTF-8');
    return toText(bytes);
  }

  /** An unsigned varint as bigint (uint64). */
  uint64(): bigint {
    const short = this.#shortVarint();
    if (short !== undefined) return BigInt(short);
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      if (shift === 63n && byte > 1) throw malformed('varint overflow');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed('varint overflow');
  }

  int32(): number {
    return this.#shortVarint() ?? Number(BigInt.asIntN(32, this.uint64()));
  }

  uint32(): number {
    return this.#shortVarint() ?? Number(BigInt.asUintN(32, this.uint64()));
  }

  /** An unsigned varint; above 2^53 the nearest number. */
  number(): number {
    return this.#shortVarint() ?? Number(this.uint64());
  }

  bool(): boolean {
    return this.number() !== 0;
  }

  skip(): void {
    this.#skip(this.wireType, this.field);
  }

  #skip(wireType: number, field: number): void {
    if (wireType === 0) this.number();
    else if (wireType === 1) this.#advance(8);
    else if (wireType === 2) this.enter();
    else if (wireType === 3) this.#skipGroup(field);
    else if (wireType === 5) this.#advance(4);
    else throw malformed('unknown wire type');
  }

  #skipGroup(field: number): void {
    while (this.next()) {
      if (this.wireType === 4) {
        if (this.field !== field) throw malformed('unbalanced group');
        return;
      }
      this.#skip(this.wireType, this.field);
    }
    throw malformed('unbalanced group');
  }

  #advance(count: number): void {
    if (count > this.#end - this.#position) throw malformed('truncated field');
    this.#position += count;
  }

  #byte(): number {
    if (this.#position >= this.#end) throw malformed('truncated varint');
    return this.#bytes[this.#position++] as number;
  }

  /** A varint of at most four bytes, as nearly all are; undefined, with nothing read, for a longer one. */
  #shortVarint(): number | undefined {
    let value = 0;
    for (let i = 0; i < SHORT_VARINT_BYTES; i++) {
      const byte = this.#bytes[this.#position + i];
      if (byte === undefined) return undefined;
      value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        this.#position += i + 1;
        return value;
      }
    }
    return undefined;
  }

  /** Exact up to 2^53; larger values only have to stay larger than any length. */
  #varint(): number {
    const short = this.#shortVarint();
    if (short !== undefined) return short;
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.#byte();
      if (count === 9 && byte > 1) throw malformed('varint overflow');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw malformed('varint overflow');
  }
}

function malformed(what: string): LedgerError {
  return new LedgerError('MALFORMED', `Malformed protobuf message: ${what}`);
}

const decoder = new TextDecoder();
const SHORT = 24;

function toText(bytes: Uint8Array): string {
  if (bytes.length > SHORT) return decoder.decode(bytes);
  let text = '';
  for (const byte of bytes) {
    if (byte >= 0x80) return decoder.decode(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}
