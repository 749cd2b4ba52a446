import { WireReader } from './reader.ts';

const NOTHING = new Uint8Array();

/** Random access to the fields of a small message; of a repeated scalar the last counts. */
class Fields {
  readonly #names: number[] = [];
  readonly #values: (number | Uint8Array)[] = [];

  constructor(bytes: Uint8Array) {
    const reader = new WireReader(bytes);
    while (reader.next()) {
      if (reader.wireType === 0) this.#add(reader.field, reader.number());
      else if (reader.wireType === 2) this.#add(reader.field, reader.bytes());
      else reader.skip();
    }
  }

  has(field: number): boolean {
    return this.#names.includes(field);
  }

  /** 0 where there is none. */
  number(field: number): number {
    for (let i = this.#names.length - 1; i >= 0; i--) {
      const value = this.#values[i];
      if (this.#names[i] === field && typeof value === 'number') return value;
    }
    return 0;
  }

  /** Empty where there are none. */
  bytes(field: number): Uint8Array {
    for (let i = this.#names.length - 1; i >= 0; i--) {
      const value = this.#values[i];
      if (this.#names[i] === field && typeof value === 'object') return value;
    }
    return NOTHING;
  }

  all(field: number): Uint8Array[] {
    return this.#values.filter(
      (value, i): value is Uint8Array => this.#names[i] === field && typeof value === 'object',
    );
  }

  #add(field: number, value: number | Uint8Array): void {
    this.#names.push(field);
    this.#values.push(value);
  }
}

/** @throws LedgerError MALFORMED */
export function fields(bytes: Uint8Array): Fields {
  return new Fields(bytes);
}
