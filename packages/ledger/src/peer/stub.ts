import { createHash } from 'node:crypto';
import { utf8 } from '@healthchain/core';
import { parseSerializedIdentity } from '../msp/index.ts';
import type { ChaincodeEvent, ChaincodeResponse } from './chaincode.ts';
import type { DecodedProposal } from './proposal.ts';
import {
  historyIterator,
  pageOf,
  stateIterator,
  withAsyncIterator,
  type HistorySource,
} from './stub-iterators.ts';
import { VALIDATION_PARAMETER, type Simulator } from './simulator.ts';

const COMPOSITE_NAMESPACE = '\u0000';
const EMPTY_KEY_SUBSTITUTE = '\u0001';
const MAX_RUNE = '\u{10ffff}';

export interface StubContext {
  readonly namespace: string;
  readonly channelId: string;
  readonly proposal: DecodedProposal;
  readonly args: readonly Uint8Array[];
  readonly mspId: string;
  /** Undefined where a system chaincode runs without a ledger. */
  readonly simulator: Simulator;
  readonly history: HistorySource;
  readonly queryLimit: number;
  invoke(name: string, channelId: string, args: readonly Uint8Array[]): Promise<ChaincodeResponse>;
}

/**
 * What fabric-shim 2.5's ChaincodeStub is to a contract, over this process's simulator. Calls fail with the texts that a
 * Fabric peer sends.
 */
export class ChaincodeStub {
  readonly #context: StubContext;
  readonly #args: Buffer[];
  /** Set by setEvent, as in fabric-shim. */
  chaincodeEvent: ChaincodeEvent | undefined;

  constructor(context: StubContext) {
    this.#context = context;
    this.#args = context.args.map((arg) => Buffer.from(arg));
  }

  getArgs(): string[] {
    return this.#args.map((arg) => arg.toString());
  }

  getStringArgs(): string[] {
    return this.getArgs();
  }

  getBufferArgs(): Buffer[] {
    return this.#args;
  }

  getFunctionAndParameters(): { fcn: string; params: string[] } {
    const [fcn = '', ...params] = this.getArgs();
    return { fcn, params };
  }

  getTxID(): string {
    return this.#context.proposal.txId;
  }

  getChannelID(): string {
    return this.#context.channelId;
  }

  getCreator(): { mspid: string; idBytes: Buffer } {
    const { mspId, certificate } = parseSerializedIdentity(this.#context.proposal.creator);
    return { mspid: mspId, idBytes: Buffer.from(certificate) };
  }

  getMspID(): string {
    return this.#context.mspId;
  }

  getTransient(): Map<string, Buffer> {
    return new Map([...this.#context.proposal.transient].map(([name, value]) => [name, Buffer.from(value)]));
  }

  getSignedProposal(): { signature: Buffer; proposal: { header: unknown; payload: Buffer } } {
    const { proposal } = this.#context;
    return {
      signature: Buffer.from(proposal.signature),
      proposal: {
        header: {
          signatureHeader: { nonce: Buffer.from(proposal.nonce), creator_u8: Buffer.from(proposal.creator) },
        },
        payload: Buffer.from(proposal.payloadWithoutTransient),
      },
    };
  }

  getTxTimestamp(): { seconds: LongLike; nanos: number } {
    const { timestamp } = this.#context.proposal;
    return { seconds: longLike(Number(timestamp?.seconds ?? 0n)), nanos: timestamp?.nanos ?? 0 };
  }

  getDateTimestamp(): Date {
    const { timestamp } = this.#context.proposal;
    return new Date(Number(timestamp?.seconds ?? 0n) * 1000 + Math.floor((timestamp?.nanos ?? 0) / 1e6));
  }

  /** SHA-256 over nonce, creator and epoch. */
  getBinding(): string {
    const { nonce, creator, epoch } = this.#context.proposal;
    const littleEndian = Buffer.alloc(8);
    littleEndian.writeBigUInt64LE(epoch);
    return createHash('sha256').update(nonce).update(creator).update(littleEndian).digest('hex');
  }

  async getState(key: string): Promise<Buffer> {
    return this.#call('GET_STATE', () => {
      const row = this.#simulator.get(this.#namespace, key);
      return row === undefined ? Buffer.alloc(0) : asBuffer(row.value);
    });
  }

  async getMultipleStates(...keys: string[]): Promise<Buffer[]> {
    return Promise.all(keys.map((key) => this.getState(key)));
  }

  async putState(key: string, value: Uint8Array | string): Promise<Buffer> {
    return this.#call('PUT_STATE', () => {
      if (key === '') throw new Error('key must not be an empty string');
      this.#simulator.put(this.#namespace, key, typeof value === 'string' ? utf8(value) : Buffer.from(value));
      return Buffer.alloc(0);
    });
  }

  async deleteState(key: string): Promise<Buffer> {
    return this.#call('DEL_STATE', () => {
      this.#simulator.delete(this.#namespace, key);
      return Buffer.alloc(0);
    });
  }

  async setStateValidationParameter(key: string, policy: Uint8Array): Promise<Buffer> {
    return this.#call('PUT_STATE_METADATA', () => {
      this.#simulator.putMetadata(this.#namespace, key, new Map([[VALIDATION_PARAMETER, policy]]));
      return Buffer.alloc(0);
    });
  }

  async getStateValidationParameter(key: string): Promise<Buffer | undefined> {
    return this.#call('GET_STATE_METADATA', () => {
      const policy = this.#simulator.metadata(this.#namespace, key).get(VALIDATION_PARAMETER);
      return policy === undefined ? undefined : Buffer.from(policy);
    });
  }

  getStateByRange(startKey: string, endKey: string) {
    return withAsyncIterator(this.#stateRange(startKey || EMPTY_KEY_SUBSTITUTE, endKey, true));
  }

  getStateByRangeWithPagination(startKey: string, endKey: string, pageSize: number, bookmark?: string) {
    return withAsyncIterator(
      this.#statePage(startKey || EMPTY_KEY_SUBSTITUTE, endKey, pageSize, bookmark, true),
    );
  }

  getStateByPartialCompositeKey(objectType: string, attributes: string[]) {
    const start = this.createCompositeKey(objectType, attributes);
    return withAsyncIterator(this.#stateRange(start, start + MAX_RUNE, false));
  }

  getStateByPartialCompositeKeyWithPagination(
    objectType: string,
    attributes: string[],
    pageSize: number,
    bookmark?: string,
  ) {
    const start = this.createCompositeKey(objectType, attributes);
    return withAsyncIterator(this.#statePage(start, start + MAX_RUNE, pageSize, bookmark, false));
  }

  getHistoryForKey(key: string) {
    const { history, queryLimit } = this.#context;
    const places = this.#simulator.history(this.#namespace, key);
    return withAsyncIterator(
      historyIterator(history, places, { namespace: this.#namespace, key, queryLimit }),
    );
  }

  getQueryResult(_query: string): Promise<never> {
    return this.#unsupported('ExecuteQuery not supported for leveldb');
  }

  getQueryResultWithPagination(_query: string, _pageSize: number, _bookmark?: string): Promise<never> {
    return this.#unsupported('ExecuteQueryWithMetadata not supported for leveldb');
  }

  async invokeChaincode(
    name: string,
    args: (Uint8Array | string)[],
    channel = '',
  ): Promise<ChaincodeResponse> {
    const encoded = args.map((arg) => (typeof arg === 'string' ? utf8(arg) : Buffer.from(arg)));
    try {
      return await this.#context.invoke(name, channel === '' ? this.#context.channelId : channel, encoded);
    } catch (error) {
      throw this.#failure('INVOKE_CHAINCODE', error);
    }
  }

  setEvent(name: string, payload: Uint8Array): void {
    if (typeof name !== 'string' || name === '') throw new Error('Event name must be a non-empty string');
    this.chaincodeEvent = { name, payload: Buffer.from(payload ?? []) };
  }

  createCompositeKey(objectType: string, attributes: string[]): string {
    mustBeAttribute(objectType);
    if (!Array.isArray(attributes)) throw new Error('attributes must be an array');
    for (const attribute of attributes) mustBeAttribute(attribute);
    const parts = [objectType, ...attributes].map((part) => part + COMPOSITE_NAMESPACE);
    return COMPOSITE_NAMESPACE + parts.join('');
  }

  splitCompositeKey(compositeKey: string): { objectType: string | null; attributes: string[] } {
    if (compositeKey.length <= 1 || !compositeKey.startsWith(COMPOSITE_NAMESPACE)) {
      return { objectType: null, attributes: [] };
    }
    const [objectType = '', ...rest] = compositeKey.slice(1).split(COMPOSITE_NAMESPACE);
    return { objectType, attributes: rest.slice(0, -1) };
  }

  getPrivateData(): Promise<never> {
    return this.#unsupported('private data is not available');
  }

  getPrivateDataHash(): Promise<never> {
    return this.#unsupported('private data is not available');
  }

  putPrivateData(): Promise<never> {
    return this.#unsupported('private data is not available');
  }

  deletePrivateData(): Promise<never> {
    return this.#unsupported('private data is not available');
  }

  purgePrivateData(): Promise<never> {
    return this.#unsupported('private data is not available');
  }

  async #stateRange(start: string, end: string, isSimple: boolean) {
    if (isSimple) mustBeSimple(start, end);
    const cursor = this.#simulator.range(this.#namespace, start, end);
    return stateIterator(cursor, this.#context.queryLimit);
  }

  async #statePage(start: string, end: string, pageSize: number, bookmark = '', isSimple: boolean) {
    if (isSimple) mustBeSimple(start, end);
    if (pageSize === 0 && bookmark === '') return { iterator: await this.#stateRange(start, end, isSimple) };
    return this.#callAsync('GET_STATE_BY_RANGE', () => {
      const from = bookmark === '' ? start : bookmark;
      const cursor = this.#simulator.page(this.#namespace, from, end, pageSize);
      return pageOf(cursor, Math.min(pageSize || this.#context.queryLimit, this.#context.queryLimit));
    });
  }

  get #namespace(): string {
    return this.#context.namespace;
  }

  get #simulator(): Simulator {
    return this.#context.simulator;
  }

  #call<T>(type: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#failure(type, error);
    }
  }

  async #callAsync<T>(type: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#failure(type, error);
    }
  }

  #unsupported(text: string): Promise<never> {
    return Promise.reject(this.#failure('GET_QUERY_RESULT', new Error(text)));
  }

  #failure(type: string, cause: unknown): Error {
    const text = cause instanceof Error ? cause.message : String(cause);
    return new Error(`${type} failed: transaction ID: ${this.getTxID()}: ${text}`, { cause });
  }
}

/** The part of `long`'s Long that contracts use of a timestamp. */
export interface LongLike {
  readonly low: number;
  readonly high: number;
  toNumber(): number;
  toInt(): number;
  toString(): string;
  valueOf(): number;
}

function longLike(value: number): LongLike {
  return {
    low: (value % 2 ** 32) | 0,
    high: Math.floor(value / 2 ** 32) | 0,
    toNumber: () => value,
    toInt: () => value,
    toString: () => String(value),
    valueOf: () => value,
  };
}

function mustBeAttribute(attribute: unknown): void {
  if (typeof attribute !== 'string' || attribute.length === 0) {
    throw new Error('object type or attribute not a non-zero length string');
  }
}

function mustBeSimple(...keys: string[]): void {
  for (const key of keys) {
    if (key?.startsWith(COMPOSITE_NAMESPACE)) {
      throw new Error(`first character of the key [${key}] contains a null character which is not allowed`);
    }
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
