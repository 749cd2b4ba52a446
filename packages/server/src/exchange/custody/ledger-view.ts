import { toHex } from '@healthchain/core';
import type { Emergency, LedgerView, Tip } from '@healthchain/custody';
import type { HealthClient } from '@healthchain/contracts';
import { blockProof } from '@healthchain/ledger';
import type { GatewayEndpoint } from '../context.ts';
import { ExchangeError } from '../error.ts';
import type { LedgerSession } from '../sessions/session.ts';

/** Header hashes kept of the blocks that the custodian followed; a request names one of the last seconds. */
const HEADERS_KEPT = 4_096;

/** The own peer as the custodian sees it: every answer comes from it, and none when it does not answer. */
export class OwnPeerView implements LedgerView {
  readonly #session: LedgerSession;
  readonly #own: GatewayEndpoint;
  readonly #client: HealthClient;
  readonly #headers = new Map<number, string>();
  readonly shown: LedgerView['shown'];

  /** @param client evaluates on the own peer only */
  constructor(parts: {
    readonly session: LedgerSession;
    readonly own: GatewayEndpoint;
    readonly client: HealthClient;
    readonly shown: LedgerView['shown'];
  }) {
    this.#session = parts.session;
    this.#own = parts.own;
    this.#client = parts.client;
    this.shown = parts.shown;
  }

  /** @throws ExchangeError UNAVAILABLE when the own peer does not answer */
  async tip(): Promise<Tip> {
    const info = await this.#session.chainInfo(this.#own);
    const tip = { height: Number(info.height) - 1, headerHash: toHex(info.headerHash) };
    this.sawHeader(tip.height, tip.headerHash);
    return tip;
  }

  async headerHash(height: number): Promise<string | undefined> {
    const kept = this.#headers.get(height);
    if (kept !== undefined) return kept;
    const found = await this.#session.headerHash(this.#own, height);
    if (found !== undefined) this.sawHeader(height, found);
    return found;
  }

  /** What shows others that the own peer has a block. @throws ExchangeError NOT_FOUND */
  async proof(height: number): Promise<Uint8Array> {
    const block = await this.#session.block(this.#own, height);
    if (block === undefined) throw new ExchangeError('NOT_FOUND', 'There is no such block');
    return blockProof(block);
  }

  /** A block that the own peer has committed. */
  sawHeader(height: number, headerHash: string): void {
    this.#headers.set(height, headerHash);
    const oldest = this.#headers.keys().next().value;
    if (this.#headers.size > HEADERS_KEPT && oldest !== undefined) this.#headers.delete(oldest);
  }

  async emergency(transactionId: string): Promise<Emergency | undefined> {
    try {
      const row = await this.#client.custody.getEmergency({ emergencyId: transactionId });
      const { mspId, userId } = row.by;
      return {
        transactionId,
        person: row.personId,
        subject: { mspId, userId },
        openedAt: Date.parse(row.at),
      };
    } catch (error) {
      if (error instanceof ExchangeError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }
}
