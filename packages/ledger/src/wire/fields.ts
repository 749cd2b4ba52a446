import { WireReader } from './reader.ts';

const NOTHING = new Uint8Array();
/** Of a field: its number, where its bytes begin, and where they end; a varint stands in place of the beginning. */
const SLOTS = 3;
const VARINT = -1;

/** Random access to the fields of a small message; of a repeated scalar the last counts. */
class Fields {
  readonly #bytes: Uint8Array;
  readonly #slots: number[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const reader = new WireReader(bytes);
    while (reader.next()) {
      if (reader.wireType === 0) this.#slots.push(reader.field, reader.number(), VARINT);
      else if (reader.wireType === 2) this.#slots.push(reader.field, reader.enter(), reader.position);
      else reader.skip();
    }
  }

  has(field: number): boolean {
    for (let i = 0; i < this.#slots.length; i += SLOTS) if (this.#slots[i] === field) return true;
    return false;
  }

  /** 0 where there is none. */
  number(field: number): number {
    for (let i = this.#slots.length - SLOTS; i >= 0; i -= SLOTS) {
      if (this.#slots[i] === field && this.#slots[i + 2] === VARINT) return this.#slots[i + 1] as number;
    }
    return 0;
  }

  /** Empty where there are none. */
  bytes(field: number): Uint8Array {
    for (let i = this.#slots.length - SLOTS; i >= 0; i -= SLOTS) {
      if (this.#slots[i] === field && this.#slots[i + 2] !== VARINT) return this.#at(i);
    }
    return NOTHING;
  }

  all(field: number): Uint8Array[] {
    const values: Uint8Array[] = [];
    for (let i = 0; i < this.#slots.length; i += SLOTS) {
      if (this.#slots[i] === field && this.#slots[i + 2] !== VARINT) values.push(this.#at(i));
    }
    return values;
  }

  #at(slot: number): Uint8Array {
    return this.#bytes.subarray(this.#slots[slot + 1], this.#slots[slot + 2]);
  }
}

/** @throws LedgerError MALFORMED */
export function fields(bytes: Uint8Array): Fields {
  return new Fields(bytes);
}
