import { LedgerError } from '../error.ts';
import {
  decodeMetadata,
  hashedNamespace,
  privateNamespace,
  RangeReads,
  ReadWriteSetBuilder,
} from '../rwset/index.ts';
import { sha256, toHex, utf8 } from '@healthchain/core';
import type { LedgerView, StateRow } from '../storage/index.ts';

export const VALIDATION_PARAMETER = 'VALIDATION_PARAMETER';

export interface SimulatedRow {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Reads of one range query, in order; what has been read is in the read set. */
export interface RangeCursor {
  next(): Promise<SimulatedRow | undefined>;
  /** The key after the last one given out, '' at the end; ends the query. */
  bookmark(): Promise<string>;
}

/** What a namespace's writes need of endorsements (peer.ChaincodeCall). */
export interface NamespaceInterest {
  readonly namespace: string;
  /** SignaturePolicyEnvelope of every written key that has its own. */
  readonly keyPolicies: readonly Uint8Array[];
  readonly needsChaincodePolicy: boolean;
}

export interface SimulationResult {
  /** TxReadWriteSet */
  readonly results: Uint8Array;
  readonly interest: readonly NamespaceInterest[];
}

/** What is known of a namespace that the transaction reads or writes. */
interface Touched {
  /** Written keys, where keys may have a policy of their own, with that policy. */
  keys: Map<string, Uint8Array | undefined> | undefined;
  /** A key without one has been written. */
  hasPlainWrite: boolean;
}

/** An error of the transaction itself, whose text the chaincode and the client see as on Fabric. */
export class SimulationError extends Error {}

/**
 * Runs one transaction over a committed prefix and collects its read-write set. Reads never see the transaction's own
 * writes. Done once `finish` or `close` has been called.
 */
export class Simulator {
  readonly #view: LedgerView;
  readonly #txId: string;
  readonly #set = new ReadWriteSetBuilder();
  readonly #cursors: RecordedRange[] = [];
  readonly #touched = new Map<string, Touched>();
  #hasWritten = false;
  #hasPaged = false;
  #isDone = false;

  constructor(view: LedgerView, txId: string) {
    this.#view = view;
    this.#txId = txId;
  }

  get height(): number {
    return this.#view.height;
  }

  /** Met in another channel's state for this transaction. */
  noteDamage(error: LedgerError): void {
    this.#view.noteDamage(error);
  }

  get(namespace: string, key: string): StateRow | undefined {
    this.#mustBeOpen();
    const row = this.#view.get(namespace, key);
    this.#touch(namespace);
    this.#set.addRead(namespace, key, row?.version);
    return row;
  }

  /** A value that the transaction does not depend on: not recorded. */
  peek(namespace: string, key: string): Uint8Array | undefined {
    this.#mustBeOpen();
    return this.#view.get(namespace, key)?.value;
  }

  metadata(namespace: string, key: string): Map<string, Uint8Array> {
    return decodeMetadata(this.get(namespace, key)?.metadata);
  }

  put(namespace: string, key: string, value: Uint8Array): void {
    this.#mustBeWritable(namespace, key);
    if (value.length === 0) this.#set.addDelete(namespace, key);
    else this.#set.addWrite(namespace, key, value);
  }

  delete(namespace: string, key: string): void {
    this.#mustBeWritable(namespace, key);
    this.#set.addDelete(namespace, key);
  }

  putMetadata(namespace: string, key: string, metadata: ReadonlyMap<string, Uint8Array>): void {
    this.#mustBeWritable(namespace, key);
    this.#set.addMetadataWrite(namespace, key, metadata);
  }

  /** Keys in [start, end); an empty end is open. `pageSize` 0: all of them. */
  range(namespace: string, start: string, end: string, pageSize = 0): RangeCursor {
    this.#mustBeOpen();
    const cursor = new RecordedRange(this.#view, namespace, start, end, pageSize);
    this.#cursors.push(cursor);
    this.#touch(namespace);
    return cursor;
  }

  /** A page: allowed only in transactions that do not write. */
  page(namespace: string, start: string, end: string, pageSize: number): RangeCursor {
    if (this.#hasWritten) {
      throw new SimulationError(
        `txid [${this.#txId}]: unsuppored transaction. Paginated queries are supported only in a read-only transaction`,
      );
    }
    this.#hasPaged = true;
    return this.range(namespace, start, end, pageSize);
  }

  history(namespace: string, key: string): AsyncIterableIterator<{ block: number; transaction: number }> {
    this.#mustBeOpen();
    return this.#view.history(namespace, key);
  }

  /** Hash of a collection's value as the chain holds it; recorded as a hashed read. */
  privateHash(namespace: string, collection: string, key: string): Uint8Array | undefined {
    this.#mustBeOpen();
    const row = this.#view.get(hashedNamespace(namespace, collection), hashedKey(key));
    this.#set.addCollectionRead(namespace, collection, key, row?.version);
    return row?.value;
  }

  /** A preimage that this node holds; not recorded by itself. */
  privateValue(namespace: string, collection: string, key: string): Uint8Array | undefined {
    return this.#view.get(privateNamespace(namespace, collection), key)?.value;
  }

  privateRange(
    namespace: string,
    collection: string,
    start: string,
    end: string,
  ): AsyncIterable<SimulatedRow> {
    return this.#view.range(privateNamespace(namespace, collection), start, end);
  }

  putPrivate(namespace: string, collection: string, key: string, value: Uint8Array): void {
    this.#hasWritten = true;
    this.#set.addCollectionWrite(namespace, collection, key, value);
  }

  finish(): SimulationResult {
    this.#mustBeOpen();
    for (const cursor of this.#cursors) cursor.record(this.#set);
    return { results: this.#set.finish(), interest: this.#interest() };
  }

  async close(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    for (const cursor of this.#cursors) await cursor.close();
    await this.#view.close();
  }

  /** A namespace that is read only, or has a written key without a policy of its own, needs the chaincode's. */
  #interest(): NamespaceInterest[] {
    const interest: NamespaceInterest[] = [];
    for (const [namespace, { keys, hasPlainWrite }] of this.#touched) {
      const keyPolicies = [...(keys?.values() ?? [])].filter((policy) => policy !== undefined);
      interest.push({
        namespace,
        keyPolicies,
        needsChaincodePolicy: hasPlainWrite || keyPolicies.length === 0,
      });
    }
    return interest;
  }

  #touch(namespace: string): Touched {
    let touched = this.#touched.get(namespace);
    if (touched === undefined) {
      touched = { keys: undefined, hasPlainWrite: false };
      this.#touched.set(namespace, touched);
    }
    return touched;
  }

  #mustBeOpen(): void {
    if (this.#isDone) throw new LedgerError('STOPPED', 'The simulation has ended');
  }

  #mustBeWritable(namespace: string, key: string): void {
    this.#mustBeOpen();
    if (this.#hasPaged) {
      throw new SimulationError(
        `txid [${this.#txId}]: unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed`,
      );
    }
    this.#hasWritten = true;
    const touched = this.#touch(namespace);
    if (this.#view.mayHaveMetadata(namespace)) this.#noteKeyPolicy(touched, namespace, key);
    else touched.hasPlainWrite = true;
  }

  #noteKeyPolicy(touched: Touched, namespace: string, key: string): void {
    touched.keys ??= new Map();
    if (touched.keys.has(key)) return;
    const policy = decodeMetadata(this.#view.get(namespace, key)?.metadata).get(VALIDATION_PARAMETER);
    touched.keys.set(key, policy);
    if (policy === undefined) touched.hasPlainWrite = true;
  }
}

/** The end of the range is the last key read, until the caller has seen that there is no more. */
class RecordedRange implements RangeCursor {
  readonly #namespace: string;
  readonly #start: string;
  readonly #end: string;
  readonly #pageSize: number;
  readonly #rows: AsyncIterator<StateRow & { readonly key: string }>;
  readonly #reads = new RangeReads();
  #lastKey = '';
  #count = 0;
  #isExhausted = false;

  constructor(view: LedgerView, namespace: string, start: string, end: string, pageSize: number) {
    this.#namespace = namespace;
    this.#start = start;
    this.#end = end;
    this.#pageSize = pageSize;
    this.#rows = view.range(namespace, start, end)[Symbol.asyncIterator]();
  }

  async next(): Promise<SimulatedRow | undefined> {
    const isPageFull = this.#pageSize > 0 && this.#count >= this.#pageSize;
    const step = isPageFull ? { done: true as const, value: undefined } : await this.#rows.next();
    if (step.done === true) {
      this.#isExhausted = true;
      return undefined;
    }
    const { key, value, version } = step.value;
    this.#reads.add({ key, version });
    this.#lastKey = key;
    this.#count += 1;
    return { key, value };
  }

  async bookmark(): Promise<string> {
    const step = await this.#rows.next();
    await this.close();
    return step.done === true ? '' : step.value.key;
  }

  record(set: ReadWriteSetBuilder): void {
    set.addRangeQuery(this.#namespace, {
      startKey: this.#start,
      endKey: this.#isExhausted ? this.#end : this.#lastKey,
      iteratorExhausted: this.#isExhausted,
      reads: this.#reads.finish(),
    });
  }

  async close(): Promise<void> {
    await this.#rows.return?.();
  }
}

/** Keys of a hashed namespace are the hexadecimal of the key's SHA-256. */
function hashedKey(key: string): string {
  return toHex(sha256(utf8(key)));
}
