/** What validation and endorsement need to know of a committed chaincode. */
export interface ChaincodeDefinition {
  readonly name: string;
  readonly sequence: bigint;
  readonly version: string;
  readonly endorsementPlugin: string;
  readonly initRequired: boolean;
  readonly validationPlugin: string;
  /** ApplicationPolicy message. */
  readonly validationParameter: Uint8Array;
}

export declare const LIFECYCLE: '_lifecycle';

/** The part of the simulator that the system chaincode runs over; everything is in namespace `_lifecycle`. */
export interface LifecycleStub {
  getState(key: string): Uint8Array | undefined;
  putState(key: string, value: Uint8Array): void;
  /** Keys in [start, end) of the public state, in order. */
  getStateRange(
    start: string,
    end: string,
  ):
    | Iterable<{ readonly key: string; readonly value: Uint8Array }>
    | AsyncIterable<{ readonly key: string; readonly value: Uint8Array }>;
  /** Hash of the value in a collection (state namespace hashedNamespace(LIFECYCLE, collection)), recorded as a hashed read. */
  getPrivateHash(collection: string, key: string): Uint8Array | undefined;
  /** Preimage kept under privateNamespace(LIFECYCLE, collection). */
  getPrivate(collection: string, key: string): Uint8Array | undefined;
  getPrivateRange(
    collection: string,
    start: string,
    end: string,
  ):
    | Iterable<{ readonly key: string; readonly value: Uint8Array }>
    | AsyncIterable<{ readonly key: string; readonly value: Uint8Array }>;
  /** Recorded with ReadWriteSetBuilder.addCollectionWrite. */
  putPrivate(collection: string, key: string, value: Uint8Array): void;
}

export interface LifecycleContext {
  /** MSP id of the peer that executes. */
  readonly mspId: string;
  readonly config: import('../config/index.ts').ChannelConfig;
}

/** Answer as a chaincode gives it: status 200, 404 or 500. */
export interface LifecycleAnswer {
  readonly status: number;
  readonly message: string;
  readonly payload: Uint8Array;
}

/** Runs `[function, argument]`, both as on Fabric. The caller has checked the ACL '_lifecycle/<function>'. */
export declare function invokeLifecycle(
  context: LifecycleContext,
  stub: LifecycleStub,
  args: readonly Uint8Array[],
): Promise<LifecycleAnswer>;
/** The definition of a committed chaincode out of the state, or undefined. */
export declare function readDefinition(
  get: (key: string) => Uint8Array | undefined,
  name: string,
): ChaincodeDefinition | undefined;
