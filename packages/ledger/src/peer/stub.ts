import { utf8 } from '@healthchain/core';
import type { ChaincodeEvent, ChaincodeResponse } from './chaincode.ts';
import {
  compositeKey,
  EMPTY_KEY_SUBSTITUTE,
  MAX_RUNE,
  mustBeSimple,
  splitCompositeKey,
} from './composite-keys.ts';
import {
  historyIterator,
  pageOf,
  stateIterator,
  withAsyncIterator,
  type HistorySource,
} from './stub-iterators.ts';
import { ProposalStub, type ProposalContext } from './stub-proposal.ts';
import { VALIDATION_PARAMETER, type Simulator } from './simulator.ts';

export interface StubContext extends ProposalContext {
  readonly namespace: string;
  readonly simulator: Simulator;
  readonly history: HistorySource;
  readonly queryLimit: number;
  invoke(name: string, channelId: string, args: readonly Uint8Array[]): Promise<ChaincodeResponse>;
}

/**
 * What fabric-shim 2.5's ChaincodeStub is to a contract, over this process's simulator. Calls fail with the texts that a
 * Fabric peer sends.
 */
export class ChaincodeStub extends ProposalStub {
  readonly #context: StubContext;
  /** Set by setEvent, as in fabric-shim. */
  chaincodeEvent: ChaincodeEvent | undefined;

  constructor(context: StubContext) {
    super(context);
    this.#context = context;
  }

  async getState(key: string): Promise<Buffer> {
    return this.#call('GET_STATE', () => {
      const row = this.#simulator.get(this.#namespace, key);
      return Buffer.from(row?.value ?? []);
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
    return compositeKey(objectType, attributes);
  }

  splitCompositeKey(key: string): { objectType: string | null; attributes: string[] } {
    return splitCompositeKey(key);
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
