import { DatabaseSync } from 'node:sqlite';
import { toHex } from '@healthchain/core';
import type { Epoch } from '@healthchain/custody';
import { channelConfigFrom, type ChannelConfig, type DecodedBlock } from '@healthchain/ledger';
import { ownerOnly } from '../../store/index.ts';
import { applyFacts, decodeChanges } from '../facts/apply.ts';
import { LedgerFacts } from '../facts/facts.ts';
import { HEALTH } from '../sessions/session.ts';
import { VALID } from '../sessions/submit.ts';
import { epochOf } from '../write/assemble.ts';

/** common.HeaderType CONFIG. */
const CONFIG = 1;

/**
 * What the own peer's blocks say of members, keys and emergencies, kept apart from the server's store: a custodian decides on its own peer alone, while the store
 * may follow another organisation's. Derived, so it is not synced at every block; after a power cut it replays a few.
 */
export class CustodianProjection {
  readonly facts: LedgerFacts;
  readonly #channel: string;
  readonly #database: DatabaseSync;
  #config: ChannelConfig | undefined;

  constructor(path: string, channel: string) {
    this.#channel = channel;
    this.#database = new DatabaseSync(ownerOnly(path));
    this.#database.exec(`
      PRAGMA journal_mode = wal; PRAGMA synchronous = normal;
      CREATE TABLE IF NOT EXISTS channel_config (channel TEXT PRIMARY KEY, block BLOB NOT NULL) STRICT;`);
    this.facts = new LedgerFacts(this.#database);
    const row = this.#database.prepare('SELECT block FROM channel_config WHERE channel = ?').get(channel);
    if (row !== undefined) this.#config = channelConfigFrom(row['block'] as Uint8Array);
  }

  get config(): ChannelConfig | undefined {
    return this.#config;
  }

  get position(): { readonly number: number; readonly headerHash: string } | undefined {
    return this.facts.position(this.#channel);
  }

  epoch(number: number): Epoch | undefined {
    const row = this.facts.row(this.#channel, 'epoch', String(number))?.row;
    return row === undefined ? undefined : epochOf(row);
  }

  /** @param raw the marshalled common.Block, for configurations */
  apply(block: DecodedBlock, raw: () => Uint8Array): void {
    const blockNumber = Number(block.number);
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      block.transactions.forEach((transaction, index) => {
        if (transaction.code !== VALID) return;
        if (transaction.type === CONFIG) this.#putConfig(raw());
        if (transaction.chaincode !== HEALTH) return;
        const changes = decodeChanges(transaction).filter(
          ({ table }) => table !== 'body' && table !== 'version',
        );
        const { txId: transactionId, creator } = transaction;
        const place = { channel: this.#channel, blockNumber, index, transactionId, creator };
        applyFacts(this.facts, { ...place, changes });
      });
      this.facts.setPosition(this.#channel, blockNumber, toHex(block.headerHash));
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }

  #putConfig(block: Uint8Array): void {
    this.#config = channelConfigFrom(block);
    this.#database.prepare('INSERT OR REPLACE INTO channel_config VALUES (?, ?)').run(this.#channel, block);
  }
}
