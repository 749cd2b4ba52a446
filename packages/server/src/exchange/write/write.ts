import { setTimeout as delay } from 'node:timers/promises';
import type { KeepUnder, RequestContext, WriteOperation, WriteResult } from '../../ports.ts';
import { ExchangeError } from '../error.ts';
import type { LedgerFacts } from '../facts/facts.ts';
import type { BlockFollower } from '../follower/follower.ts';
import { COMMIT_WAIT_MS, OUTCOME_DEADLINE_MS } from '../sessions/limits.ts';
import type { EndorsedTransaction, LedgerSession } from '../sessions/session.ts';
import { invalid, MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT, VALID } from '../sessions/submit.ts';
import type { CrashPoint } from './crash-point.ts';
import { assembleWrite, sealingTargets, type AssembledWrite } from './assemble.ts';
import type { Outbox } from './outbox.ts';
import type { Outcome, Outcomes } from './outcomes.ts';

/** Times a write is proposed: what it sealed to, the day, or a row that it read may change underneath it. */
const MAX_PROPOSALS = 5;
/** How long a refused proposal waits for the block that explains the refusal. */
const CATCH_UP_MS = 1_000;

/** The contract refuses because this server has not applied some block yet, or midnight passed: the next proposal differs. */
const OUT_OF_DATE: ReadonlySet<unknown> = new Set([
  'INTAKE_KEY_NOT_OPEN',
  'EPOCH_NOT_IN_FORCE',
  'SEALING_INCOMPLETE',
  'HEADER_MISMATCH',
]);
const OVERTAKEN: ReadonlySet<number> = new Set([MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT]);

export interface WriterOptions {
  readonly channel: string;
  readonly facts: LedgerFacts;
  readonly follower: BlockFollower;
  readonly outbox: Outbox;
  readonly outcomes: Outcomes;
  readonly clock: () => Date;
  readonly crash?: (point: CrashPoint) => void;
}

export interface WriteRequest {
  readonly operations: readonly WriteOperation[];
  readonly keep: KeepUnder | undefined;
}

/** ports.ts `Exchange.write`: seal, endorse, outbox, submit, and the block that holds it applied. */
export async function write(
  options: WriterOptions,
  session: LedgerSession,
  context: RequestContext,
  { operations, keep }: WriteRequest,
): Promise<WriteResult> {
  for (let proposal = 1; ; proposal++) {
    const assembled = assemble(options, context, operations);
    options.crash?.('sealed');
    const transaction = await endorse(options, session, assembled, proposal);
    if (transaction === undefined) continue;
    options.crash?.('endorsed');
    const outcome = await commit(options, session, context, transaction, { ...assembled, keep });
    options.crash?.('settled');
    if (outcome.code === VALID) return resultOf(transaction, outcome);
    if (!OVERTAKEN.has(outcome.code) || proposal === MAX_PROPOSALS) {
      throw invalid(transaction.transactionId, outcome.code);
    }
  }
}

function assemble(
  options: WriterOptions,
  { caller }: RequestContext,
  operations: readonly WriteOperation[],
): AssembledWrite {
  const needsSealing = operations.some(({ kind }) => kind === 'put' || kind === 'amend');
  return assembleWrite({
    channel: options.channel,
    author: { mspId: caller.mspId, userId: caller.userId },
    at: options.clock(),
    operations,
    targets: needsSealing ? sealingTargets(options.facts, options.channel) : undefined,
  });
}

/** Undefined: this server was out of date; it has waited for the next block, and the write is to be assembled again. */
async function endorse(
  options: WriterOptions,
  session: LedgerSession,
  { argument, transient }: AssembledWrite,
  proposal: number,
): Promise<EndorsedTransaction | undefined> {
  try {
    return await session.endorse('records:Write', [JSON.stringify(argument)], { transient });
  } catch (error) {
    const outOfDate = error instanceof ExchangeError && OUT_OF_DATE.has(error.details['contract']);
    if (!outOfDate || proposal === MAX_PROPOSALS) throw error;
    const next = options.follower.number + 1;
    await options.follower.applied(next, AbortSignal.timeout(CATCH_UP_MS)).catch(() => undefined);
    return undefined;
  }
}

async function commit(
  options: WriterOptions,
  session: LedgerSession,
  { caller }: RequestContext,
  transaction: EndorsedTransaction,
  { records, keep }: AssembledWrite & Pick<WriteRequest, 'keep'>,
): Promise<Outcome> {
  const { transactionId, bytes, channel, timestamp } = transaction;
  const { userId } = caller;
  const settled = options.outcomes.expect(transactionId);
  try {
    await options.outbox.add({
      transactionId,
      channel,
      userId,
      bytes,
      records,
      ...(keep === undefined ? {} : { keep: { ...keep, userId, lastUpdated: timestamp.toISOString() } }),
    });
    options.crash?.('in outbox');
    return await untilSettled(options, session, transaction, settled);
  } finally {
    options.outcomes.forget(transactionId);
  }
}

/** Submits until the follower has applied a block with the transaction; asks other peers when the own one shows nothing. */
async function untilSettled(
  options: WriterOptions,
  session: LedgerSession,
  transaction: EndorsedTransaction,
  settled: Promise<Outcome>,
): Promise<Outcome> {
  const giveUp = Date.now() + OUTCOME_DEADLINE_MS;
  while (Date.now() < giveUp) {
    // What an orderer answers says nothing about the outcome; the block does.
    const submitted = session.submit(transaction).catch(() => undefined);
    const outcome = await Promise.race([settled, submitted.then(() => within(COMMIT_WAIT_MS))]);
    options.crash?.('submitted');
    if (outcome !== undefined) return outcome;
    await session.status(transaction.transactionId);
  }
  throw new ExchangeError('OUTCOME_UNKNOWN', 'Nobody could say whether the write was committed', {
    details: { transactionId: transaction.transactionId },
  });
}

async function within(ms: number): Promise<undefined> {
  await delay(ms);
}

function resultOf(transaction: EndorsedTransaction, outcome: Outcome): WriteResult {
  return {
    transactionId: transaction.transactionId,
    blockNumber: outcome.blockNumber,
    lastUpdated: transaction.timestamp.toISOString(),
  };
}
