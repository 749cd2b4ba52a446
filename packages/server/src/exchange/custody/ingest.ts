import { decodeWrite, type StateChange } from '@healthchain/contracts';
import { certificateAttributes, type DecodedBlock, type DecodedTransaction } from '@healthchain/ledger';
import { fromUtf8, toHex, writeArguments } from '@healthchain/core';
import type { BlockFacts, CommittedWrite, Epoch, IntakeEvent } from '@healthchain/custody';
import { HEALTH } from '../sessions/session.ts';
import { VALID } from '../sessions/submit.ts';

export interface IngestionContext {
  readonly mspId: string;
  /** An epoch that the blocks before, or the block itself, define. */
  epoch(number: number): Epoch | undefined;
}

/** What one block means for the vault of one custodian. Pure. */
export function blockFacts(context: IngestionContext, block: DecodedBlock): BlockFacts {
  const valid = block.transactions
    .filter((transaction) => transaction.code === VALID && transaction.chaincode === HEALTH)
    .map((transaction) => ({ transaction, changes: changesOf(transaction) }));
  return {
    height: Number(block.number),
    headerHash: toHex(block.headerHash),
    writes: valid.flatMap(({ transaction, changes }) => committedWrite(context, transaction, changes)),
    intakeEvents: valid.flatMap(({ changes }) => changes.flatMap((change) => intakeEvent(context, change))),
  };
}

function changesOf(transaction: DecodedTransaction): readonly StateChange[] {
  return transaction.writes
    .filter((write) => write.namespace === HEALTH)
    .map((write) => decodeWrite(write))
    .filter((change) => change !== undefined);
}

function committedWrite(
  context: IngestionContext,
  transaction: DecodedTransaction,
  changes: readonly StateChange[],
): CommittedWrite[] {
  const [name, argument] = transaction.args.map((arg) => fromUtf8(arg));
  if (name !== 'records:Write' || argument === undefined) return [];
  const write = writeArguments.parse(JSON.parse(argument));
  const epoch = context.epoch(write.epoch);
  if (epoch === undefined || write.sealed.length === 0) return [];
  const userId = certificateAttributes(transaction.creator.certificate)['userId'] ?? '';
  const sealed = changes.find((change) => change.table === 'sealed' && change.key[1] === context.mspId);
  return [
    {
      transactionId: transaction.txId,
      author: { mspId: transaction.creator.mspId, userId },
      write,
      epoch,
      sealed: sealed?.table === 'sealed' ? sealed.row : undefined,
    },
  ];
}

function intakeEvent({ mspId }: IngestionContext, change: StateChange): IntakeEvent[] {
  if (change.table !== 'intakeKey' || change.key[0] !== mspId || change.row === undefined) return [];
  const { keyId, state, closingHeight } = change.row;
  if (state === 'open') return [{ kind: 'opened', keyId }];
  return state === 'closing' ? [{ kind: 'closing', keyId, lastHeight: closingHeight ?? 0 }] : [];
}
