import type { AuditFinding } from '../log/audit.ts';
import type { Checkpoint, CheckpointMaterial } from '../log/checkpoint.ts';
import type { EntryDraft, SignedEntry } from '../log/format.ts';
import type { Clock, Gate, Identities, LedgerView, RaiseAlarm, Randomness, Tip } from '../ports.ts';
import type { Answer, LogAnswer } from '../request/answer.ts';
import type { SignedRequest } from '../request/format.ts';
import type { Signer } from '../signature.ts';
import type { BlockFacts, RejectedShare } from './facts.ts';
import type { IntakeKeyStatus } from './intake.ts';
import type { Limits } from './limits.ts';

export interface CustodianOptions {
  /** Folder of this custodian's stores; created when absent. `keys/` and `vault.sqlite` are never backed up. */
  readonly directory: string;
  readonly channel: string;
  readonly mspId: string;
  /** This custodian's last checkpoint by the own peer's state; undefined when the ledger holds none. */
  readonly lastCheckpoint: Checkpoint | undefined;
  /** The organisation's server key. */
  readonly signer: Signer;
  readonly now: Clock;
  readonly ledger: LedgerView;
  readonly identities: Identities;
  readonly gate: Gate;
  readonly alarm: RaiseAlarm;
  /** `crypto.randomBytes` unless a test replays. */
  readonly random?: Randomness;
  readonly limits?: Partial<Limits>;
}

export interface IntakeKey {
  /** Goes on the ledger with the public key; names the file that holds the private key. */
  readonly keyId: string;
  /** X-Wing public key, 1,216 bytes. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

/** One organisation's custodian on one channel. Owns its folder: one instance at a time. */
export interface Custodian {
  /** The last ingested block; undefined before the first. */
  readonly ingested: Tip | undefined;

  /**
   * Takes the shares of one block into the vault; private keys that no later block may use are destroyed, after everything that
   * they opened is durable. A power cut may undo blocks since: `ingested` says from where on they are to come again.
   *
   * @throws CustodyError OUT_OF_ORDER when the block is not the one after the last
   */
  ingest(block: BlockFacts): void;

  /** What authors sealed badly, by height, from `fromHeight` on, at most 1,000. */
  rejected(fromHeight?: number): RejectedShare[];

  /** Makes a key pair whose private half is durable on return. To be opened on the ledger by the caller. */
  createIntakeKey(): IntakeKey;

  /** Keys whose private half exists, and whether the ledger closes them: `lastHeight` is H of closing(H). */
  intakeKeys(): IntakeKeyStatus[];

  /**
   * What another organisation says its peer has. To be called at least every 2 s for each organisation that can be reached: a
   * custodian that is more than 5 s behind any of them refuses STALE.
   */
  observe(mspId: string, tip: Tip): void;

  /**
   * Decides on the own peer, logs durably, then answers (custody.md section 4).
   *
   * @param member MSP id that mutual TLS proved for the caller
   * @throws CustodyError with a code of the requests' group: nothing was released
   */
  release(request: SignedRequest, member: string): Promise<Answer>;

  /** The log about one person with proofs, after an entry that says who read it. Same errors as `release`. */
  readLog(request: SignedRequest, member: string): Promise<LogAnswer>;

  /**
   * Accesses at the own organisation that need no custodian: kinds `stated`, `match` and `refused`, one draft for each person
   * (`NO_PERSON` for records of nobody). Durable when the promise resolves.
   */
  state(drafts: readonly EntryDraft[]): Promise<SignedEntry[]>;

  /** Entries of one access, for the organisation's own audit. */
  entriesOf(requestId: string): SignedEntry[];

  /** Milliseconds since 1970 by which the next checkpoint must be on the ledger; undefined when nothing waits. */
  checkpointDue(): number | undefined;

  /** What the next checkpoint transaction says; the same until it is confirmed. Undefined when nothing waits. */
  checkpoint(): CheckpointMaterial | undefined;

  /** The checkpoint is in a VALID transaction: proofs refer to it from then on. */
  confirmCheckpoint(checkpoint: Checkpoint): void;

  /** Reads the whole log again and recomputes it; empty for a sound log. Takes time: about 20 µs an entry. */
  audit(): AuditFinding[];

  /** To be called about every second: writes summaries that are due. */
  tick(): Promise<void>;

  close(): Promise<void>;
}
