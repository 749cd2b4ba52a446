/**
 * What the contracts need of an engine: a part of fabric-shim's ChaincodeStub (2.5), so that the same object runs under Fabric
 * and under the embedded engine. As on Fabric, no read sees a write of its own transaction, ranges are ordered by the UTF-8
 * bytes of the key, and paginated ranges belong to queries.
 */
export interface Stub {
  /** `[namespace:Function, JSON argument]` */
  getArgs(): string[];
  getTxID(): string;
  getChannelID(): string;
  getCreator(): { readonly mspid: string; readonly idBytes: Uint8Array };
  getTransient(): Map<string, Uint8Array>;
  /** The proposal's timestamp: the caller's clock, bounded by the endorsers (design/ledger.md section 5). */
  getDateTimestamp(): Date;
  /** Empty when there is no such key. */
  getState(key: string): Promise<Uint8Array>;
  putState(key: string, value: Uint8Array): Promise<void>;
  deleteState(key: string): Promise<void>;
  getStateByPartialCompositeKey(objectType: string, attributes: string[]): PromiseLike<StateIterator>;
  getStateByPartialCompositeKeyWithPagination(
    objectType: string,
    attributes: string[],
    pageSize: number,
    bookmark?: string,
  ): PromiseLike<{
    readonly iterator: StateIterator;
    /** fabric-shim gives none with an empty page. */
    readonly metadata?: { readonly bookmark: string };
  }>;
  /** One event a transaction: a second call replaces the first. */
  setEvent(name: string, payload: Uint8Array): void;
}

export interface StateIterator {
  next(): Promise<{
    readonly value?: { readonly key: string; readonly value: Uint8Array };
    readonly done: boolean;
  }>;
  close(): Promise<unknown>;
}

/** fabric-shim's ChaincodeInterface and ChaincodeResponse. */
export interface Chaincode {
  Init(stub: Stub): Promise<ChaincodeResponse>;
  Invoke(stub: Stub): Promise<ChaincodeResponse>;
}

export interface ChaincodeResponse {
  /** 200, or 500 with `message` = `CODE: text`. */
  readonly status: number;
  readonly message?: string;
  readonly payload: Uint8Array;
}
