import { setTimeout as delay } from 'node:timers/promises';
import type { Commit, Proposal } from '@hyperledger/fabric-gateway';
import { toHex } from '@healthchain/core';
import { decodeBlock } from '@healthchain/ledger';
import type { GatewayEndpoint } from '../context.ts';
import { ExchangeError } from '../error.ts';
import { classify, isDivided, mayComeFromLag, toExchangeError } from './failures.ts';
import { awaitHeight } from './height.ts';
import { Gateways, type SigningIdentity } from './gateways.ts';
import { COMMIT_WAIT_MS, HEIGHT_POLL_MS, HEIGHT_WAIT_MS, OTHER_COMMIT_WAIT_MS } from './limits.ts';
import type { GatewayPool } from './pool.ts';
import { commitStatusRequest, decodeChainInfo, timestampOf, type ChainInfo } from './wire.ts';

export interface CallOptions {
  readonly transient?: Readonly<Record<string, Uint8Array>>;
  /** Chaincode; `health` unless a system chaincode is asked. */
  readonly chaincode?: string;
}

export interface EvaluateOptions extends CallOptions {
  /**
   * The one organisation whose peer may answer: for decisions. Without it an ordinary read is served by the own peer or, when
   * that cannot be reached, by another organisation's, never at a lower height than this server has seen.
   */
  readonly only?: string;
}

/** Endorsed and signed, in Fabric's PreparedTransaction: submitting the same bytes twice has one outcome. */
export interface EndorsedTransaction {
  readonly transactionId: string;
  readonly channel: string;
  /** The proposal's timestamp, the caller's own clock. */
  readonly timestamp: Date;
  readonly bytes: Uint8Array;
  readonly result: Uint8Array;
}

export interface TransactionStatus {
  readonly code: number;
  readonly blockNumber: bigint;
}

export const HEALTH = 'health';

/** One identity on one channel over the server's gateways. Holds no connection of its own. */
export class LedgerSession {
  readonly channel: string;
  readonly #pool: GatewayPool;
  readonly #gateways: Gateways;

  constructor(pool: GatewayPool, channel: string, signing: SigningIdentity) {
    this.#pool = pool;
    this.channel = channel;
    this.#gateways = new Gateways(signing);
  }

  /** @throws ExchangeError with the contract's code in `details.contract`, or UNAVAILABLE */
  async evaluate(name: string, args: readonly string[], options: EvaluateOptions = {}): Promise<Uint8Array> {
    return this.#firstOf(name, options.only, async (endpoint) => {
      await awaitHeight(this.#pool, this.channel, endpoint, () => this.chainInfo(endpoint));
      const proposal = this.#propose(endpoint, name, args, options, [endpoint.mspId]);
      return proposal.evaluate();
    });
  }

  /** Asks the endpoint's own peer, at whatever height it is. */
  async evaluateAt(
    endpoint: GatewayEndpoint,
    name: string,
    args: readonly string[],
    options: CallOptions = {},
  ): Promise<Uint8Array> {
    try {
      return await this.#propose(endpoint, name, args, options, [endpoint.mspId]).evaluate();
    } catch (error) {
      throw toExchangeError(error, name);
    }
  }

  /**
   * Nothing is ordered by this; so a gateway that fails is safely replaced by the next one. A refusal that may come from a peer
   * behind the blocks that this server has shown is asked again once the peers have them; endorsers that answer from different
   * states are asked again for a moment.
   */
  async endorse(
    name: string,
    args: readonly string[],
    options: CallOptions = {},
  ): Promise<EndorsedTransaction> {
    const giveUp = Date.now() + HEIGHT_WAIT_MS;
    for (;;) {
      try {
        return await this.#endorseOnce(name, args, options);
      } catch (error) {
        if (!mayComeFromLag(error) || Date.now() > giveUp) throw error;
        if (!(await this.#caughtUp()) && !isDivided(error)) throw error;
        await delay(HEIGHT_POLL_MS);
      }
    }
  }

  /** Waits a moment for peers that are not known to have what was shown; false when there are none. */
  async #caughtUp(): Promise<boolean> {
    const wanted = this.#pool.seen(this.channel);
    const behind = this.#pool
      .inOrder(this.channel)
      .filter((endpoint) => this.#pool.known(endpoint, this.channel) < wanted);
    await Promise.allSettled(
      behind.map((endpoint) =>
        awaitHeight(this.#pool, this.channel, endpoint, () => this.chainInfo(endpoint)),
      ),
    );
    return behind.length > 0;
  }

  async #endorseOnce(
    name: string,
    args: readonly string[],
    options: CallOptions,
  ): Promise<EndorsedTransaction> {
    return this.#firstOf(name, undefined, async (endpoint) => {
      const proposal = this.#propose(endpoint, name, args, options);
      const timestamp = timestampOf(proposal);
      const transaction = await proposal.endorse();
      const signature = await this.#gateways.sign(transaction.getDigest());
      const signed = this.#gateways.at(endpoint).newSignedTransaction(transaction.getBytes(), signature);
      return {
        transactionId: transaction.getTransactionId(),
        channel: this.channel,
        timestamp,
        bytes: signed.getBytes(),
        result: transaction.getResult(),
      };
    });
  }

  /** Hands the transaction to the orderers. An error says nothing about the outcome. */
  async submit(transaction: Pick<EndorsedTransaction, 'bytes'>): Promise<void> {
    await this.#firstOf('submit', undefined, async (endpoint) => {
      await this.#gateways.at(endpoint).newTransaction(transaction.bytes).submit();
    });
  }

  /**
   * The code under which a block of some peer holds the transaction: the first gateway is given `waitMs`, the others a moment each
   * in case the first one's peer is behind. Undefined: no peer that could be asked holds it yet.
   */
  async status(
    transactionId: string,
    waitMs: number = COMMIT_WAIT_MS,
  ): Promise<TransactionStatus | undefined> {
    let patience = waitMs;
    for (const endpoint of this.#pool.inOrder(this.channel)) {
      try {
        const status = await this.#commit(endpoint, transactionId).getStatus({
          deadline: Date.now() + patience,
        });
        this.#pool.sawBlock(endpoint, this.channel, status.blockNumber);
        return { code: status.code, blockNumber: status.blockNumber };
      } catch (error) {
        if (isDeadline(error)) patience = OTHER_COMMIT_WAIT_MS;
        else this.#pool.markDown(endpoint);
      }
    }
    return undefined;
  }

  /** Height and last header hash of the endpoint's own peer. */
  async chainInfo(endpoint: GatewayEndpoint): Promise<ChainInfo> {
    const payload = await this.evaluateAt(endpoint, 'GetChainInfo', [this.channel], { chaincode: 'qscc' });
    return decodeChainInfo(payload);
  }

  /** Of the first peer that answers. */
  async anyChainInfo(): Promise<ChainInfo> {
    return decodeChainInfo(await this.evaluate('GetChainInfo', [this.channel], { chaincode: 'qscc' }));
  }

  /** Header hash of one block of the endpoint's own peer; undefined when it has no such block. */
  async headerHash(endpoint: GatewayEndpoint, number: number): Promise<string | undefined> {
    const block = await this.block(endpoint, number);
    return block === undefined ? undefined : toHex(decodeBlock(block).headerHash);
  }

  /** The marshalled block of the endpoint's own peer; undefined when it has no such block. */
  async block(endpoint: GatewayEndpoint, number: number): Promise<Uint8Array | undefined> {
    const args = [this.channel, String(number)];
    try {
      return await this.evaluateAt(endpoint, 'GetBlockByNumber', args, { chaincode: 'qscc' });
    } catch (error) {
      if (error instanceof ExchangeError && error.code !== 'UNAVAILABLE') return undefined;
      throw error;
    }
  }

  /** Block events of one endpoint's peer, from `startBlock` on, without an end. */
  async blocks(endpoint: GatewayEndpoint, startBlock: bigint) {
    return this.#gateways.at(endpoint).getNetwork(this.channel).getBlockEvents({ startBlock });
  }

  #commit(endpoint: GatewayEndpoint, transactionId: string): Commit {
    const request = commitStatusRequest(this.channel, transactionId, this.#gateways.identity);
    return this.#gateways.at(endpoint).newCommit(request);
  }

  #propose(
    endpoint: GatewayEndpoint,
    name: string,
    args: readonly string[],
    options: CallOptions,
    only?: string[],
  ): Proposal {
    const contract = this.#gateways
      .at(endpoint)
      .getNetwork(this.channel)
      .getContract(options.chaincode ?? HEALTH);
    return contract.newProposal(name, {
      arguments: [...args],
      ...(options.transient === undefined ? {} : { transientData: options.transient }),
      ...(only === undefined ? {} : { endorsingOrganizations: only }),
    });
  }

  async #firstOf<T>(
    call: string,
    only: string | undefined,
    attempt: (endpoint: GatewayEndpoint) => Promise<T>,
  ): Promise<T> {
    let last: unknown;
    for (const endpoint of this.#pool.inOrder(this.channel, only)) {
      try {
        const result = await attempt(endpoint);
        this.#pool.markUp(endpoint);
        return result;
      } catch (error) {
        last = error;
        if (!isUnreachable(error)) break;
        this.#pool.markDown(endpoint);
      }
    }
    if (last === undefined)
      throw new ExchangeError('UNAVAILABLE', 'No gateway is configured', { details: { call } });
    throw toExchangeError(last, call);
  }
}

function isUnreachable(error: unknown): boolean {
  if (error instanceof ExchangeError) return error.code === 'UNAVAILABLE';
  return classify(error).kind === 'unreachable';
}

const DEADLINE_EXCEEDED = 4;

function isDeadline(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === DEADLINE_EXCEEDED;
}
