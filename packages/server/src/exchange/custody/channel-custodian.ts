import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@healthchain/core';
import { ecdsaSigner, openCustodian, type Custodian, type Tip } from '@healthchain/custody';
import type { HealthClient } from '@healthchain/contracts';
import type { DecodedBlock } from '@healthchain/ledger';
import type { ExchangeContext, GatewayEndpoint } from '../context.ts';
import { BlockFollower, type Position } from '../follower/follower.ts';
import { repeat, type Repeated } from '../repeat.ts';
import type { GatewayPool } from '../sessions/pool.ts';
import type { LedgerSession } from '../sessions/session.ts';
import { healthClient } from '../sessions/transport.ts';
import { blockEvidence } from './block-evidence.ts';
import { checkpointWhenDue, lastCheckpoint } from './checkpoints.ts';
import type { CustodyClient } from './client.ts';
import { custodianGate } from './gate.ts';
import { HEIGHT_INTERVAL_MS, otherHeights } from './heights.ts';
import { channelIdentities, type ChannelIdentities } from './identities.ts';
import { blockFacts } from './ingest.ts';
import { rotateIntakeKey, tendIntakeKeys, type IntakeOptions } from './intake-keys.ts';
import { OwnPeerView } from './ledger-view.ts';
import { CustodianProjection } from './projection.ts';

/** How often a checkpoint that is due is looked for: emergencies have one second. */
const CHECKPOINT_INTERVAL_MS = 200;
const TICK_INTERVAL_MS = 1_000;
const INTAKE_INTERVAL_MS = 500;
/** How long the own peer's blocks may take to be caught up with at start. */
const CATCH_UP_DEADLINE_MS = 120_000;

export interface ChannelCustodianOptions {
  readonly context: ExchangeContext;
  readonly channel: string;
  readonly session: LedgerSession;
  readonly pool: GatewayPool;
  readonly own: GatewayEndpoint;
  /** Custody APIs of the other members of the channel. */
  readonly others: readonly CustodyClient[];
}

/** This organisation's custodian on one channel: vault, log, ingestion from the own peer, gate on the own peer, checkpoints. */
export class ChannelCustodian {
  readonly custodian: Custodian;
  readonly view: OwnPeerView;
  /** By the configuration and the state of the own peer. */
  readonly identities: ChannelIdentities;
  readonly #options: ChannelCustodianOptions;
  readonly #projection: CustodianProjection;
  readonly #follower: BlockFollower;
  readonly #intake: IntakeOptions;
  readonly #client: HealthClient;
  #tasks: readonly Repeated[] = [];

  private constructor(
    options: ChannelCustodianOptions,
    projection: CustodianProjection,
    parts: Pick<ChannelCustodian, 'custodian' | 'view' | 'identities'> & { readonly client: HealthClient },
  ) {
    const { context, channel, session, pool } = options;
    this.#options = options;
    this.#projection = projection;
    this.custodian = parts.custodian;
    this.view = parts.view;
    this.identities = parts.identities;
    this.#client = parts.client;
    this.#intake = {
      channel,
      mspId: context.mspId,
      custodian: this.custodian,
      client: parts.client,
      facts: projection.facts,
    };
    this.#follower = new BlockFollower({
      session,
      pool,
      ownMspId: context.mspId,
      fallback: false,
      position: lower(projection.position, this.custodian.ingested),
      apply: (block, raw) => this.#apply(block, raw),
      log: context.log,
    });
  }

  static open(options: ChannelCustodianOptions): ChannelCustodian {
    const { context, channel, session, own } = options;
    const directory = join(context.directory, 'custody', channel);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const projection = new CustodianProjection(join(directory, 'projection.sqlite'), channel);
    const client = healthClient(session, { only: context.mspId });
    const evidence = { channel, others: options.others, config: () => projection.config };
    const view = new OwnPeerView({ session, own, client, shown: blockEvidence(evidence) });
    const identities = channelIdentities({
      config: () => projection.config,
      facts: projection.facts,
      channel,
      clock: context.clock,
    });
    const custodian = openCustodian({
      directory,
      channel,
      mspId: context.mspId,
      lastCheckpoint: lastCheckpoint(projection.facts, channel, context.mspId),
      signer: ecdsaSigner(context.server.privateKey),
      now: () => context.clock().getTime(),
      ledger: view,
      identities,
      gate: custodianGate({ mspId: context.mspId, client, facts: projection.facts }),
      alarm: ({ code, details }) => context.log.alarm(code, details),
    });
    return new ChannelCustodian(options, projection, { custodian, view, identities, client });
  }

  /** Returns when the vault has what the own peer had at the call, or the own peer cannot be asked. */
  async start(): Promise<void> {
    const { context, channel, others } = this.#options;
    const failed = (task: string) => (error: unknown) =>
      context.log.warn(`${task} failed`, {
        channel,
        reason: error instanceof Error ? error.message : 'unknown',
      });
    this.#follower.start();
    const tip = await this.view.tip().catch(() => undefined);
    if (tip !== undefined) {
      await this.#follower.applied(tip.height, AbortSignal.timeout(CATCH_UP_DEADLINE_MS));
    }
    this.#tasks = [
      repeat(
        CHECKPOINT_INTERVAL_MS,
        () => checkpointWhenDue(this.custodian, this.#client, context.clock().getTime()),
        failed('checkpoint'),
      ),
      repeat(INTAKE_INTERVAL_MS, () => tendIntakeKeys(this.#intake), failed('intake key')),
      repeat(TICK_INTERVAL_MS, () => this.custodian.tick(), failed('custodian tick')),
      repeat(
        HEIGHT_INTERVAL_MS,
        async () => {
          for (const { mspId, tip } of await otherHeights(others, channel))
            this.custodian.observe(mspId, tip);
        },
        failed('height exchange'),
      ),
    ];
  }

  rotateIntakeKey(): Promise<void> {
    return rotateIntakeKey(this.#intake);
  }

  async close(): Promise<void> {
    await Promise.all(this.#tasks.map((task) => task.stop()));
    await this.#follower.stop();
    await this.custodian.close();
    this.#projection.close();
  }

  /** Two files: should the process end in between, the block comes again, which does no harm to either. */
  #apply(block: DecodedBlock, raw: () => Uint8Array): void {
    const number = Number(block.number);
    const { projection, mspId } = { projection: this.#projection, mspId: this.#options.context.mspId };
    projection.apply(block, raw);
    if (number > (this.custodian.ingested?.height ?? -1)) {
      this.custodian.ingest(blockFacts({ mspId, epoch: (epoch) => projection.epoch(epoch) }, block));
    }
    this.view.sawHeader(number, toHex(block.headerHash));
  }
}

/** Where following goes on, so that neither file misses a block. */
function lower(projected: Position | undefined, ingested: Tip | undefined): Position | undefined {
  if (projected === undefined || ingested === undefined) return undefined;
  return projected.number <= ingested.height
    ? projected
    : { number: ingested.height, headerHash: ingested.headerHash };
}
