import { lengthOf } from '@healthchain/core';
import type { LedgerErrorCode } from '../error.ts';
import type { CallRequest, CallStatus } from '../gateway/index.ts';
import type { EngineControl } from './control.ts';

export type ControlMethod = keyof EngineControl;

/** One item of a message to the engine's thread. */
export type ToEngine =
  | {
      readonly kind: 'open';
      readonly id: number;
      readonly request: Omit<CallRequest, 'request'>;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'write'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'finish' | 'cancel' | 'pause' | 'resume'; readonly id: number }
  | {
      readonly kind: 'control';
      readonly id: number;
      readonly method: ControlMethod;
      readonly args: readonly unknown[];
    };

export type FromEngine =
  | { readonly kind: 'message'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly id: number; readonly status: CallStatus }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'ready' };

export interface Failure {
  readonly code: LedgerErrorCode | undefined;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The items of one turn of the event loop, as they cross: their bytes, one behind the other, are handed over and not copied. */
export interface Parcel<T> {
  readonly items: readonly Bare<T>[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An item with the length of its bytes in place of them. */
type Bare<T> = T extends { readonly bytes: Uint8Array } ? Omit<T, 'bytes'> & { readonly length: number } : T;

/** Items that are posted together at most: with more the other thread would wait while this one still produces. */
const MAX_ITEMS = 32;

/** Collects items until the turn of the event loop ends: one message costs a thread more than the items in it. */
export function batching<T extends object>(
  post: (parcel: Parcel<T>, handedOver: ArrayBuffer[]) => void,
): (item: T) => void {
  let items: T[] = [];
  let isScheduled = false;
  const flush = () => {
    const batch = items;
    items = [];
    if (batch.length === 0) return;
    const parcel = packed(batch);
    post(parcel, [parcel.bytes.buffer]);
  };
  const atEndOfTurn = () => {
    isScheduled = false;
    flush();
  };
  return (item) => {
    items.push(item);
    if (items.length >= MAX_ITEMS) flush();
    else if (!isScheduled) {
      isScheduled = true;
      setImmediate(atEndOfTurn);
    }
  };
}

/** The items of a parcel; the bytes of all of them share one allocation. */
export function* unpacked<T extends object>({ items, bytes }: Parcel<T>): Generator<T> {
  let at = 0;
  for (const item of items) {
    if ('length' in item) {
      const { length, ...rest } = item;
      yield { ...rest, bytes: bytes.subarray(at, at + length) } as unknown as T;
      at += length;
    } else yield item as T;
  }
}

function packed<T extends object>(items: readonly T[]): Parcel<T> {
  const parts = items.map((item) => ('bytes' in item ? (item.bytes as Uint8Array) : NOTHING));
  const bytes = new Uint8Array(lengthOf(parts));
  let at = 0;
  const bare = items.map((item, i) => {
    if (!('bytes' in item)) return item;
    const part = parts[i] as Uint8Array;
    bytes.set(part, at);
    at += part.length;
    const { bytes: _, ...rest } = item;
    return { ...rest, length: part.length };
  });
  return { items: bare as Bare<T>[], bytes };
}

const NOTHING = new Uint8Array();
