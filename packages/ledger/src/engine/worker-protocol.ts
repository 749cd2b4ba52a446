import type { LedgerErrorCode } from '../error.ts';
import type { CallRequest, CallStatus } from '../gateway/index.ts';
import type { EngineControl } from './control.ts';

export type ControlMethod = keyof EngineControl;

/** One item of a message to the engine's thread; a message is the items of one turn of the event loop. */
export type ToEngine =
  | { readonly kind: 'open'; readonly id: number; readonly request: CallRequest }
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

/** Items that are posted together at most: with more the other thread would wait while this one still produces. */
const MAX_ITEMS = 32;

/** Collects items until the turn of the event loop ends: one message costs a thread more than the items in it. */
export function batching<T>(post: (items: readonly T[]) => void): (item: T) => void {
  let items: T[] = [];
  let isScheduled = false;
  const flush = () => {
    const batch = items;
    items = [];
    if (batch.length > 0) post(batch);
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
