import { fromUtf8, utf8 } from '@healthchain/core';

/** One part of a row's key. A number is written with 16 digits, so that rows stand in its order. */
export type KeyPart = string | number;
type ColumnKind<Part> = Part extends number ? 'number' : 'text';
type Columns<Key extends readonly KeyPart[]> = { readonly [Index in keyof Key]: ColumnKind<Key[Index]> };

/** A typed table of the state: how its keys are laid out and its rows encoded. */
export interface Table<Key extends readonly KeyPart[], Row> {
  readonly name: string;
  /** The state key: a composite key of Fabric, `\0name\0part\0…`. */
  key(key: Key): string;
  /** `undefined`: not a key of this table. */
  parts(stateKey: string): Key | undefined;
  encode(row: Row): Uint8Array;
  decode(value: Uint8Array): Row;
}

const SEPARATOR = '\u0000';
const NUMBER_DIGITS = 16;

/** Parts are never empty and hold neither U+0000 nor U+10FFFF: the argument schemas see to that. */
export function compositeKey(name: string, parts: readonly KeyPart[]): string {
  return SEPARATOR + [name, ...parts.map(partText)].join(SEPARATOR) + SEPARATOR;
}

export function partText(part: KeyPart): string {
  return typeof part === 'number' ? String(part).padStart(NUMBER_DIGITS, '0') : part;
}

/** A table whose rows are JSON. */
export function jsonTable<Key extends readonly KeyPart[], Row>(
  name: string,
  ...columns: Columns<Key>
): Table<Key, Row> {
  return {
    ...keysOf<Key>(name, columns),
    encode: (row) => utf8(JSON.stringify(row)),
    decode: (value) => JSON.parse(fromUtf8(value)) as Row,
  };
}

/** A table whose rows are bytes. */
export function bytesTable<Key extends readonly KeyPart[]>(
  name: string,
  ...columns: Columns<Key>
): Table<Key, Uint8Array> {
  return { ...keysOf<Key>(name, columns), encode: (row) => row, decode: (value) => value };
}

function keysOf<Key extends readonly KeyPart[]>(name: string, columns: readonly ('text' | 'number')[]) {
  const prefix = compositeKey(name, []);
  return {
    name,
    key: (key: Key) => compositeKey(name, key),
    parts: (stateKey: string): Key | undefined => {
      if (!stateKey.startsWith(prefix) || !stateKey.endsWith(SEPARATOR)) return undefined;
      const texts = stateKey.slice(prefix.length, -1).split(SEPARATOR);
      const found = columns.length === 0 && stateKey === prefix ? [] : texts;
      if (found.length !== columns.length) return undefined;
      return found.map((text, i) => (columns[i] === 'number' ? Number(text) : text)) as unknown as Key;
    },
  };
}
