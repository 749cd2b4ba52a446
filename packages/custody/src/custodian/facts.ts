import type { WriteArguments } from '@healthchain/core';
import type { Epoch } from '../epoch.ts';
import type { Tip } from '../ports.ts';

/** One VALID transaction of the records contract, as the own peer committed it. */
export interface CommittedWrite {
  readonly transactionId: string;
  /** From the creator's certificate of the committed transaction, never from its arguments. */
  readonly author: { readonly mspId: string; readonly userId: string };
  readonly write: WriteArguments;
  /** The epoch that `write.epoch` names, as the ledger defines it. */
  readonly epoch: Epoch;
  /** The bytes addressed to this custodian, whose hash stands in `write.sealed`; undefined when there are none. */
  readonly sealed: Uint8Array | undefined;
}

/** A VALID transaction about an intake key of this custodian. */
export type IntakeEvent =
  | { readonly kind: 'opened'; readonly keyId: string }
  /** No transaction above block `lastHeight` may use the key. */
  | { readonly kind: 'closing'; readonly keyId: string; readonly lastHeight: number };

/** What the vault takes from one block; blocks come in order, without gaps, and coming again does no harm. */
export interface BlockFacts extends Tip {
  readonly writes: readonly CommittedWrite[];
  readonly intakeEvents: readonly IntakeEvent[];
}

/** What an author sealed badly: did not open, or does not match its hash on the ledger. */
export interface RejectedShare {
  readonly height: number;
  readonly transactionId: string;
  readonly author: { readonly mspId: string; readonly userId: string };
  /** Absent when the whole message did not open. */
  readonly record?: { readonly recordId: string; readonly version: number };
  readonly reason: 'NOT_SEALED' | 'KEY_DESTROYED' | 'NOT_OPENED' | 'SHARE_MISMATCH' | 'LABELS_MISMATCH';
}
