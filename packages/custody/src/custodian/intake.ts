import type { RaiseAlarm, Randomness, Tip } from '../ports.ts';
import type { IntakeKeyFiles } from '../store/intake-keys.ts';
import type { Vault } from '../store/vault.ts';
import type { IntakeKey } from './api.ts';
import type { BlockFacts } from './facts.ts';
import { takeShares } from './ingest.ts';
import { HeightWaiters } from './waiting.ts';

export interface IntakeOptions {
  readonly channel: string;
  readonly mspId: string;
  readonly vault: Vault;
  readonly keys: IntakeKeyFiles;
  readonly random: Randomness;
  readonly alarm: RaiseAlarm;
}

export interface IntakeKeyStatus {
  readonly keyId: string;
  /** `created`: not on the ledger yet. */
  readonly state: 'created' | 'open' | 'closing';
  readonly lastHeight?: number;
}

/** How shares come into the vault: from committed blocks, under keys that are destroyed by height (custody.md section 3). */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #waiters = new HeightWaiters();
  /** A key is closing, so that a block may be the last that uses it. */
  #isClosing = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#destroyClosed();
  }

  get ingested(): Tip | undefined {
    return this.#options.vault.progress;
  }

  ingest(block: BlockFacts): void {
    const { vault, channel, mspId, keys } = this.#options;
    if (block.height <= (this.ingested?.height ?? -1)) return;
    const receiver = { channel, mspId, key: (keyId: string) => keys.load(keyId) };
    const taken = block.writes.map((write) => takeShares(receiver, block.height, write));
    const rejected = taken.flatMap((part) => part.rejected);
    const mayDestroy = this.#isClosing || block.intakeEvents.length > 0;
    vault.take(
      {
        height: block.height,
        headerHash: block.headerHash,
        shares: taken.flatMap((part) => part.shares),
        rejected,
        intakeEvents: block.intakeEvents,
      },
      { synced: mayDestroy },
    );
    for (const { transactionId, author, reason } of rejected) {
      const details = { height: block.height, transactionId, organisation: author.mspId, reason };
      this.#options.alarm({ code: 'SHARE_REJECTED', details });
    }
    if (mayDestroy) this.#destroyClosed();
    this.#waiters.reached(block.height);
  }

  /** The tip of the vault once it has the height, or after the time is over. */
  async tipAt(height: number, withinMs: number): Promise<Tip | undefined> {
    if ((this.ingested?.height ?? -1) < height) await this.#waiters.wait(height, withinMs);
    return this.ingested;
  }

  createKey(): IntakeKey {
    return this.#options.keys.create(this.#options.random);
  }

  status(): IntakeKeyStatus[] {
    const states = new Map(
      this.#options.vault.intakeKeys().map(({ keyId, lastHeight }) => [keyId, lastHeight]),
    );
    return this.#options.keys.list().map((keyId): IntakeKeyStatus => {
      const lastHeight = states.get(keyId);
      if (lastHeight === undefined) return { keyId, state: 'created' };
      return lastHeight === null ? { keyId, state: 'open' } : { keyId, state: 'closing', lastHeight };
    });
  }

  /** By height, never by clock: when all blocks that may use the key are durable in the vault. */
  #destroyClosed(): void {
    const height = this.ingested?.height ?? -1;
    const closing = this.status().filter(({ state }) => state === 'closing');
    const closed = closing.filter(({ lastHeight = Number.POSITIVE_INFINITY }) => lastHeight <= height);
    for (const { keyId } of closed) this.#options.keys.destroy(keyId, this.#options.random);
    this.#isClosing = closing.length > closed.length;
  }
}
