import { labelledHash, SparseMap, toHex, uint64, utf8, type Bytes } from '@healthchain/core';
import { CustodyError } from '../errors.ts';
import type { MapProofText } from '../proof/format.ts';
import { mapKey, mapValue, type Checkpoint, type CheckpointMaterial } from './checkpoint.ts';
import type { LogStore } from './log-store.ts';
import type { StoredTree } from './stored-tree.ts';

type Roots = Pick<Checkpoint, 'size' | 'root' | 'mapRoot'>;
type Breach = 'LOG_SHORTER_THAN_CHECKPOINT' | 'LOG_DIFFERS_FROM_CHECKPOINT';

/**
 * What of a log the ledger holds: the last confirmed checkpoint with the map of that moment, and the one that is on its way.
 * A log that is not the one of its checkpoints is broken for good (custody.md section 5).
 */
export class Checkpoints {
  readonly #store: LogStore;
  readonly #tree: StoredTree;
  readonly #owner: { readonly channel: string; readonly mspId: string };
  #confirmed: Roots | undefined;
  #confirmedMap = SparseMap.empty;
  #pending: { readonly roots: Roots; readonly map: SparseMap } | undefined;
  #breach: CustodyError | undefined;

  /** @throws CustodyError LOG_SHORTER_THAN_CHECKPOINT, LOG_DIFFERS_FROM_CHECKPOINT */
  constructor(
    store: LogStore,
    tree: StoredTree,
    owner: { readonly channel: string; readonly mspId: string },
  ) {
    this.#store = store;
    this.#tree = tree;
    this.#owner = owner;
    const confirmed = store.lastCheckpoint(true);
    if (confirmed !== undefined) this.confirm(this.#named(confirmed));
    const pending = store.lastCheckpoint(false);
    if (pending !== undefined && pending.size > this.confirmedSize) {
      this.#pending = { roots: pending, map: this.#mapAt(pending.size) };
    }
  }

  get confirmed(): Checkpoint | undefined {
    return this.#confirmed === undefined ? undefined : this.#named(this.#confirmed);
  }

  get confirmedSize(): number {
    return this.#confirmed?.size ?? 0;
  }

  /** @throws CustodyError what broke the log */
  assertSound(): void {
    if (this.#breach !== undefined) throw this.#breach;
  }

  /** Fixed from the first call until it is confirmed, whatever is appended in between. */
  next(): CheckpointMaterial | undefined {
    const size = this.#store.size;
    if (this.#pending === undefined && size > this.confirmedSize) this.#fix(size);
    if (this.#pending === undefined) return undefined;
    const { roots } = this.#pending;
    return {
      ...this.#named(roots),
      previousSize: this.confirmedSize,
      previousRoot: toHex(this.#tree.root(this.confirmedSize)),
      consistency: this.#tree.consistencyProof(this.confirmedSize, roots.size).map(toHex),
    };
  }

  /** @throws CustodyError LOG_SHORTER_THAN_CHECKPOINT, LOG_DIFFERS_FROM_CHECKPOINT, STORE_MISMATCH */
  confirm(checkpoint: Checkpoint): void {
    this.#assertPrefix(checkpoint);
    if (checkpoint.size <= this.confirmedSize) return;
    const map = this.#mapAt(checkpoint.size);
    if (toHex(map.root) !== checkpoint.mapRoot) throw this.#broken('LOG_DIFFERS_FROM_CHECKPOINT', checkpoint);
    this.#store.saveCheckpoint(checkpoint, true);
    this.#confirmed = { size: checkpoint.size, root: checkpoint.root, mapRoot: checkpoint.mapRoot };
    this.#confirmedMap = map;
    if (this.#pending !== undefined && this.#pending.roots.size <= checkpoint.size) this.#pending = undefined;
  }

  /** Whether, and how, the person stands in the map of the confirmed checkpoint. */
  prove(person: string): MapProofText {
    const { entry, siblings } = this.#confirmedMap.prove(this.#key(person));
    return {
      entry: entry === undefined ? null : { key: toHex(entry.key), value: toHex(entry.value) },
      siblings: siblings.map(toHex),
    };
  }

  /** Opens the person's row of the map. */
  salt(person: string, count: number): Bytes {
    return labelledHash('log-map-salt', this.#store.salt, utf8(person), uint64(count));
  }

  #fix(size: number): void {
    const map = this.#mapAt(size);
    const roots = { size, root: toHex(this.#tree.root(size)), mapRoot: toHex(map.root) };
    this.#store.saveCheckpoint(roots, false);
    this.#pending = { roots, map };
  }

  #assertPrefix(checkpoint: Checkpoint): void {
    if (checkpoint.custodian !== this.#owner.mspId || checkpoint.channel !== this.#owner.channel) {
      throw new CustodyError('STORE_MISMATCH', 'The checkpoint is of another log');
    }
    if (this.#store.size < checkpoint.size) throw this.#broken('LOG_SHORTER_THAN_CHECKPOINT', checkpoint);
    if (toHex(this.#tree.root(checkpoint.size)) !== checkpoint.root) {
      throw this.#broken('LOG_DIFFERS_FROM_CHECKPOINT', checkpoint);
    }
  }

  #broken(code: Breach, { size }: Checkpoint): CustodyError {
    const details = { checkpointSize: size, logSize: this.#store.size };
    this.#breach = new CustodyError(code, 'The log is not the one of its checkpoint on the ledger', {
      details,
    });
    return this.#breach;
  }

  #mapAt(size: number): SparseMap {
    if (this.#pending?.roots.size === size) return this.#pending.map;
    return this.#store
      .heads(this.confirmedSize, size)
      .reduce(
        (map, { person, count, leaf }) =>
          map.set(this.#key(person), mapValue(this.salt(person, count), count, leaf)),
        this.#confirmedMap,
      );
  }

  #named(roots: Roots): Checkpoint {
    return { custodian: this.#owner.mspId, channel: this.#owner.channel, ...roots };
  }

  #key(person: string): Bytes {
    return mapKey(this.#owner.channel, this.#owner.mspId, person);
  }
}
