import { canonical, leafHash, toBase64, toHex } from '@healthchain/core';
import { CustodyError } from '../errors.ts';
import type { Clock, Randomness } from '../ports.ts';
import type { CustodianLog } from '../proof/format.ts';
import type { Signer } from '../signature.ts';
import { transaction } from '../store/database.ts';
import type { Checkpoint, CheckpointMaterial } from './checkpoint.ts';
import { auditLog, type AuditFinding } from './audit.ts';
import { Checkpoints } from './checkpoints.ts';
import {
  entryLeaf,
  MAX_ENTRIES_OF_PERSON,
  entryLeafHash,
  entryMessage,
  type EntryDraft,
  type LogEntry,
  type SignedEntry,
} from './format.ts';
import { GroupCommit } from './group-commit.ts';
import { LogStore, type OpenEmergency, type StoredEntry } from './log-store.ts';
import { StoredTree } from './stored-tree.ts';

/** How soon an entry is checkpointed (custody.md section 5). */
const CHECKPOINT_WITHIN_MS = { emergency: 1_000, routine: 10_000, rest: 3_600_000 } as const;

export interface AccessLogOptions {
  readonly file: string;
  readonly channel: string;
  readonly mspId: string;
  /** This custodian's last checkpoint on the ledger. */
  readonly lastCheckpoint: Checkpoint | undefined;
  readonly signer: Signer;
  readonly now: Clock;
  readonly random: Randomness;
}

/** One custodian's access log: append-only, provable entry by entry and patient by patient (custody.md section 5). */
export class AccessLog {
  readonly #options: AccessLogOptions;
  readonly #store: LogStore;
  readonly #tree: StoredTree;
  readonly #checkpoints: Checkpoints;
  readonly #appends: GroupCommit<EntryDraft, SignedEntry>;
  #isClosed = false;

  /** @throws CustodyError LOG_SHORTER_THAN_CHECKPOINT, LOG_DIFFERS_FROM_CHECKPOINT, STORE_MISMATCH */
  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#store = new LogStore(options.file, options, options.random);
    this.#tree = new StoredTree(this.#store.database);
    this.#appends = new GroupCommit((groups) => this.#commit(groups));
    try {
      this.#checkpoints = new Checkpoints(this.#store, this.#tree, options);
      if (options.lastCheckpoint !== undefined) this.#checkpoints.confirm(options.lastCheckpoint);
    } catch (cause) {
      this.#store.close();
      throw cause;
    }
  }

  get size(): number {
    return this.#store.size;
  }

  /** Entries of one access, stored together or not at all; durable when the promise resolves. */
  async append(drafts: readonly EntryDraft[]): Promise<SignedEntry[]> {
    this.#assertServing();
    return this.#appends.add(drafts);
  }

  entriesOf(requestId: string): SignedEntry[] {
    return this.#store.ofRequest(requestId).map(signedEntry);
  }

  /** Patients whose records were released in an emergency since then. */
  emergenciesSince(time: number): OpenEmergency[] {
    return this.#store.emergenciesSince(time);
  }

  /** The log about one person with proofs against the last confirmed checkpoint. @throws CustodyError TOO_LARGE */
  personLog(person: string): CustodianLog {
    this.#assertServing();
    const entries = this.#store.ofPerson(person);
    if (entries.length > MAX_ENTRIES_OF_PERSON) {
      throw new CustodyError(
        'TOO_LARGE',
        `The log of the person has more than ${MAX_ENTRIES_OF_PERSON} entries`,
      );
    }
    const custodian = this.#options.mspId;
    const checkpoint = this.#checkpoints.confirmed;
    if (checkpoint === undefined) {
      const uncheckpointed = entries.map(signedEntry);
      return { custodian, checkpoint: null, head: null, mapProof: null, entries: [], uncheckpointed };
    }
    const proven = entries.filter(({ sequence }) => sequence < checkpoint.size);
    return {
      custodian,
      checkpoint,
      head: this.#head(person, proven),
      mapProof: this.#checkpoints.prove(person),
      entries: proven.map((entry) => ({
        ...signedEntry(entry),
        inclusion: this.#tree.inclusionProof(entry.sequence, checkpoint.size).map(toHex),
      })),
      uncheckpointed: entries.slice(proven.length).map(signedEntry),
    };
  }

  /** When the earliest entry that no confirmed checkpoint covers must be on the ledger, in milliseconds since 1970. */
  checkpointDue(): number | undefined {
    return this.#store.earliestDue(this.#checkpoints.confirmedSize);
  }

  checkpoint(): CheckpointMaterial | undefined {
    this.#assertServing();
    return this.#checkpoints.next();
  }

  /** Takes a checkpoint of this log that the ledger holds. @throws CustodyError when the log is not the one it stands for */
  confirm(checkpoint: Checkpoint): void {
    this.#checkpoints.confirm(checkpoint);
  }

  /** Reads the whole log again: what in it is not what was appended. Empty for a sound log. */
  audit(): AuditFinding[] {
    return auditLog(this.#store, this.#tree, this.#checkpoints.confirmed);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#appends.settle();
    this.#store.close();
  }

  #commit(groups: readonly (readonly EntryDraft[])[]): SignedEntry[][] {
    return transaction(this.#store.database, () => {
      let sequence = this.size;
      return groups.map((drafts) => drafts.map((draft) => this.#write(draft, sequence++)));
    });
  }

  #write(draft: EntryDraft, sequence: number): SignedEntry {
    const { channel, mspId: custodian, signer, now, random } = this.#options;
    const head = this.#store.headOf(draft.person);
    const time = now();
    const entry: LogEntry = {
      ...draft,
      channel,
      custodian,
      sequence,
      number: (head?.count ?? 0) + 1,
      previous: head === undefined ? null : toHex(head.leaf),
      time: new Date(time).toISOString(),
    };
    const text = canonical(entry);
    const salt = random(32);
    const leaf = leafHash(entryLeaf(text, salt));
    const signature = signer.sign(entryMessage(leaf));
    this.#store.insert({ entry, text, random: salt, leaf, signature, due: time + checkpointWithin(draft) });
    this.#tree.append(sequence, leaf);
    return { text, random: toHex(salt), signature: toBase64(signature) };
  }

  #head(person: string, proven: readonly StoredEntry[]): CustodianLog['head'] {
    const last = proven.at(-1);
    if (last === undefined) return null;
    const salt = this.#checkpoints.salt(person, proven.length);
    return { count: proven.length, head: toHex(entryLeafHash(last)), salt: toHex(salt) };
  }

  #assertServing(): void {
    if (this.#isClosed) throw new CustodyError('CLOSED', 'The access log is closed');
    this.#checkpoints.assertSound();
  }
}

function checkpointWithin({ kind, emergency }: EntryDraft): number {
  if (kind === 'refused' || kind === 'summary') return CHECKPOINT_WITHIN_MS.rest;
  return emergency === undefined ? CHECKPOINT_WITHIN_MS.routine : CHECKPOINT_WITHIN_MS.emergency;
}

function signedEntry({ text, random, signature }: StoredEntry): SignedEntry {
  return { text, random, signature };
}
