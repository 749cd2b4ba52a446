import type { ChannelConfig } from '../config/index.ts';

export interface StateRow {
  readonly key: string;
  readonly value: Uint8Array;
}

/**
 * The part of the simulator that the lifecycle runs over; everything is in namespace `_lifecycle`. Reads do not see the writes
 * of the same simulation.
 */
export interface LifecycleStub {
  getState(key: string): Uint8Array | undefined;
  putState(key: string, value: Uint8Array): void;
  /** Keys in [start, end) of the public state, in order. */
  getStateRange(start: string, end: string): Iterable<StateRow> | AsyncIterable<StateRow>;
  /** Hash of a value in a collection, out of hashedNamespace(LIFECYCLE, collection); recorded as a hashed read. */
  getPrivateHash(collection: string, key: string): Uint8Array | undefined;
  /** The value itself, out of privateNamespace(LIFECYCLE, collection); recorded as a hashed read, too. */
  getPrivate(collection: string, key: string): Uint8Array | undefined;
  getPrivateRange(
    collection: string,
    start: string,
    end: string,
  ): Iterable<StateRow> | AsyncIterable<StateRow>;
  /** Recorded with ReadWriteSetBuilder.addCollectionWrite. */
  putPrivate(collection: string, key: string, value: Uint8Array): void;
}

export interface LifecycleContext {
  /** MSP id of the peer that executes. */
  readonly mspId: string;
  readonly config: ChannelConfig;
}

/** Answer as a chaincode gives it: status 200, 404 or 500. */
export interface LifecycleAnswer {
  readonly status: number;
  readonly message: string;
  readonly payload: Uint8Array;
}
