import type { Category, Confidentiality, Purpose, Right, Role, Sensitivity } from '@healthchain/core';
import type { KeyObject } from 'node:crypto';

/** What custody needs of the outside. Each comment is an obligation of the one who implements the port. */

/** Milliseconds since 1970 by the organisation's own clock. Whoever releases decides by its own clock (ledger.md section 5). */
export type Clock = () => number;

/** `length` bytes of a cryptographic generator, never the same twice. */
export type Randomness = (length: number) => Uint8Array<ArrayBuffer>;

/** A block by number and the hex SHA-256 of its header (Fabric's block header hash). */
export interface Tip {
  readonly height: number;
  readonly headerHash: string;
}

/** The peer of the custodian's own organisation. */
export interface LedgerView {
  /** The last block whose state the peer's answers show. Read before a decision, it is a lower bound of what was decided on. */
  tip(): Tip | Promise<Tip>;
  /** Header hash of a block of that peer; undefined when the peer does not have it. */
  headerHash(height: number): string | undefined | Promise<string | undefined>;
  /**
   * Header hash of the block that another organisation's peer has at this height, checked against the signatures of the channel's
   * orderers; undefined when it shows none within a second. Must not throw.
   */
  shown(mspId: string, height: number): Promise<string | undefined>;
  /** The emergency that the VALID transaction of this id opened, as the own peer's state shows it. */
  emergency(transactionId: string): Emergency | undefined | Promise<Emergency | undefined>;
}

export interface Emergency {
  readonly transactionId: string;
  readonly person: string;
  readonly subject: { readonly mspId: string; readonly userId: string };
  /** Milliseconds since 1970: the timestamp of the transaction. */
  readonly openedAt: number;
}

export interface Identity {
  readonly mspId: string;
  readonly userId: string;
  readonly role: Role;
  readonly key: KeyObject;
}

export interface Identities {
  /**
   * The identity of a certificate that this MSP issued and that is neither expired, revoked nor suspended by the state of the
   * own peer; undefined for every other one. Must not throw for bad input.
   */
  identify(mspId: string, certificatePem: string): Identity | undefined | Promise<Identity | undefined>;
}

export interface Subject {
  readonly mspId: string;
  readonly userId: string;
  readonly role: Role;
}

/** One record as the gate sees it: the true categories and labels, never `restricted`. */
export interface GateItem {
  readonly recordId: string;
  readonly version: number;
  readonly persons: readonly string[];
  /** Who signed the write. */
  readonly author: { readonly mspId: string; readonly userId: string };
  readonly categories: readonly Category[];
  readonly confidentiality: Confidentiality;
  readonly sensitivities: readonly Sensitivity[];
}

export interface GateQuestion {
  readonly subject: Subject;
  readonly purpose: Purpose;
  readonly right: Right;
  /** Transaction id of the emergency that the request rests on. */
  readonly emergency?: string;
  readonly items: readonly GateItem[];
}

export interface GateDecision {
  readonly permit: boolean;
  /** Code of the deciding rule; stands in the patient's log. */
  readonly code: string;
  /** Id of the deciding grant or of the emergency. */
  readonly basis?: string;
}

export interface Gate {
  /** The contract's decision, evaluated on the own peer: one decision for each item, in order. */
  decide(question: GateQuestion): Promise<readonly GateDecision[]>;
  /** May this subject read the access log of this person for this purpose? */
  mayReadLog(question: {
    readonly subject: Subject;
    readonly purpose: Purpose;
    readonly person: string;
  }): Promise<GateDecision>;
}

/** What an operator must see at once. Carries no health data. */
export interface Alarm {
  readonly code: 'FORK' | 'UNPROVED' | 'SHARE_REJECTED' | 'LOG_BEHIND_CHECKPOINT' | 'BEHIND';
  readonly details: Readonly<Record<string, unknown>>;
}
export type RaiseAlarm = (alarm: Alarm) => void;
