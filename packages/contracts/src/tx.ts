import { fromBase64url, fromUtf8, toBase64url, utf8 } from '@healthchain/core';
import { ContractError } from './errors.ts';
import type { EventName, HealthEvents } from './events.ts';
import type { Page } from './functions/shared.ts';
import type { Signer } from './state/rows.ts';
import { compositeKey, partText, type KeyPart, type Table } from './state/table.ts';
import type { StateIterator, Stub } from './stub.ts';

/** Rows that one scan returns; a range that holds more is a defect of the layout. Fabric's own limit is 100,000. */
const MAX_SCAN_ROWS = 20_000;

/**
 * What a rule sees of its transaction. Reads answer from the state before the transaction (as on Fabric, a rule never sees its
 * own writes), each key is read once; writes are kept until the rule has returned and are dropped when it throws.
 */
export interface Tx {
  readonly id: string;
  /** The transaction's time, `YYYY-MM-DDTHH:mm:ss.sssZ`: the caller's clock, bounded by the endorsers. */
  readonly at: string;
  /** Its UTC day. */
  readonly day: string;
  readonly channel: string;
  readonly caller: Signer;
  transient(name: string): Uint8Array | undefined;
  transientNames(): readonly string[];
  get<Key extends readonly KeyPart[], Row>(table: Table<Key, Row>, key: Key): Promise<Row | undefined>;
  /** All rows whose key begins with `prefix`, in the order of their keys' UTF-8 bytes. */
  scan<Key extends readonly KeyPart[], Row>(
    table: Table<Key, Row>,
    prefix: readonly KeyPart[],
  ): Promise<readonly Row[]>;
  /** For queries only. @throws ContractError BAD_BOOKMARK */
  page<Key extends readonly KeyPart[], Row>(
    table: Table<Key, Row>,
    prefix: readonly KeyPart[],
    paging: { readonly pageSize: number; readonly bookmark?: string | undefined },
  ): Promise<Page<Row>>;
  /** A key is written at most once in a transaction. */
  put<Key extends readonly KeyPart[], Row>(table: Table<Key, Row>, key: Key, row: Row): void;
  delete<Key extends readonly KeyPart[], Row>(table: Table<Key, Row>, key: Key): void;
  /** At most one event a transaction. */
  emit<Name extends EventName>(name: Name, payload: HealthEvents[Name]): void;
}

/** The transaction over a stub; `flush` hands its writes and its event to the engine. */
export class StubTx implements Tx {
  readonly id: string;
  readonly at: string;
  readonly day: string;
  readonly channel: string;
  readonly caller: Signer;
  readonly #stub: Stub;
  readonly #reads = new Map<string, Promise<unknown>>();
  readonly #scans = new Map<string, Promise<readonly unknown[]>>();
  /** `null`: deleted. */
  readonly #writes = new Map<string, Uint8Array | null>();
  #transient: ReadonlyMap<string, Uint8Array> | undefined;
  #event: { readonly name: EventName; readonly payload: unknown } | undefined;

  constructor(stub: Stub, caller: Signer) {
    this.#stub = stub;
    this.caller = caller;
    this.id = stub.getTxID();
    this.at = stub.getDateTimestamp().toISOString();
    this.day = this.at.slice(0, 10);
    this.channel = stub.getChannelID();
  }

  get writes(): number {
    return this.#writes.size;
  }

  transient(name: string): Uint8Array | undefined {
    return this.#transientMap().get(name);
  }

  transientNames(): readonly string[] {
    return [...this.#transientMap().keys()];
  }

  get<Key extends readonly KeyPart[], Row>(table: Table<Key, Row>, key: Key): Promise<Row | undefined> {
    const stateKey = table.key(key);
    let read = this.#reads.get(stateKey);
    if (read === undefined) {
      read = this.#stub
        .getState(stateKey)
        .then((value) => (value.length === 0 ? undefined : table.decode(value)));
      this.#reads.set(stateKey, read);
    }
    return read as Promise<Row | undefined>;
  }

  scan<Key extends readonly KeyPart[], Row>(
    table: Table<Key, Row>,
    prefix: readonly KeyPart[],
  ): Promise<readonly Row[]> {
    const range = compositeKey(table.name, prefix);
    let scan = this.#scans.get(range);
    if (scan === undefined) {
      scan = this.#scanOnce(table, prefix);
      this.#scans.set(range, scan);
    }
    return scan as Promise<readonly Row[]>;
  }

  async page<Key extends readonly KeyPart[], Row>(
    table: Table<Key, Row>,
    prefix: readonly KeyPart[],
    paging: { readonly pageSize: number; readonly bookmark?: string | undefined },
  ): Promise<Page<Row>> {
    const { iterator, metadata } = await this.#stub.getStateByPartialCompositeKeyWithPagination(
      table.name,
      prefix.map(partText),
      paging.pageSize,
      startKey(paging.bookmark, compositeKey(table.name, prefix)),
    );
    const rows = await drain(iterator, table);
    const bookmark = metadata?.bookmark ?? '';
    return bookmark === '' ? { rows } : { rows, bookmark: toBase64url(utf8(bookmark)) };
  }

  put<Key extends readonly KeyPart[], Row>(table: Table<Key, Row>, key: Key, row: Row): void {
    this.#write(table.key(key), table.encode(row));
  }

  delete<Key extends readonly KeyPart[], Row>(table: Table<Key, Row>, key: Key): void {
    this.#write(table.key(key), null);
  }

  emit<Name extends EventName>(name: Name, payload: HealthEvents[Name]): void {
    if (this.#event !== undefined) throw new Error(`${name}: the transaction has an event`);
    this.#event = { name, payload };
  }

  async flush(): Promise<void> {
    for (const [key, value] of this.#writes) {
      await (value === null ? this.#stub.deleteState(key) : this.#stub.putState(key, value));
    }
    if (this.#event !== undefined) {
      this.#stub.setEvent(this.#event.name, utf8(JSON.stringify(this.#event.payload)));
    }
  }

  async #scanOnce<Key extends readonly KeyPart[], Row>(
    table: Table<Key, Row>,
    prefix: readonly KeyPart[],
  ): Promise<readonly Row[]> {
    return drain(await this.#stub.getStateByPartialCompositeKey(table.name, prefix.map(partText)), table);
  }

  /** An engine may copy the map at every call. */
  #transientMap(): ReadonlyMap<string, Uint8Array> {
    return (this.#transient ??= this.#stub.getTransient());
  }

  #write(stateKey: string, value: Uint8Array | null): void {
    if (this.#writes.has(stateKey)) throw new Error('a key is written twice in one transaction');
    this.#writes.set(stateKey, value);
  }
}

/** A bookmark is the key to go on from; one outside the range would read rows of other ranges. */
function startKey(bookmark: string | undefined, range: string): string {
  if (bookmark === undefined) return '';
  const key = decodedBookmark(bookmark);
  if (!key.startsWith(range)) throw new ContractError('BAD_BOOKMARK', 'the bookmark is not of this list');
  return key;
}

function decodedBookmark(bookmark: string): string {
  try {
    return fromUtf8(fromBase64url(bookmark));
  } catch (cause) {
    throw new ContractError('BAD_BOOKMARK', 'the bookmark is not one of ours', { cause });
  }
}

async function drain<Key extends readonly KeyPart[], Row>(
  iterator: StateIterator,
  table: Table<Key, Row>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  try {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      if (rows.length === MAX_SCAN_ROWS) throw new Error(`a range of ${table.name} exceeds its limit`);
      if (next.value !== undefined) rows.push(table.decode(next.value.value));
    }
  } finally {
    await iterator.close();
  }
  return rows;
}
