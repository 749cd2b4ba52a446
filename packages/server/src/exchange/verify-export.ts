import { decodeWrite, type CheckpointRow, type EpochRow } from '@healthchain/contracts';
import { fromBase64 } from '@healthchain/core';
import {
  certificateKey,
  verifyAccessLog,
  verifySignature,
  type AccessLogReport,
  type Checkpoint,
  type LedgerFacts,
} from '@healthchain/custody';
import type { DecodedBlock } from '@healthchain/ledger';
import type { ChannelLogExport } from './export.ts';
import { HEALTH } from './sessions/session.ts';
import { VALID } from './sessions/submit.ts';

/** What the verifier of an access log takes from blocks that were verified before. Pure. */
interface LogLedger {
  readonly epochs: Map<number, EpochRow>;
  readonly checkpoints: Map<string, Checkpoint[]>;
  readonly emergencies: Map<string, number>;
  /** PEM certificates of each organisation's server, in the order of the blocks. */
  readonly certificates: Map<string, Set<string>>;
}

/**
 * Checks one channel's export against blocks whose chain, signatures and validation codes the caller has verified from the genesis
 * block (`verifyChain`), fetched from wherever; nothing that the exporter says is trusted.
 */
export function verifyLogExport(
  exported: Pick<ChannelLogExport, 'bundle' | 'kept'>,
  blocks: Iterable<DecodedBlock>,
): AccessLogReport {
  const ledger: LogLedger = {
    epochs: new Map(),
    checkpoints: new Map(),
    emergencies: new Map(),
    certificates: new Map(),
  };
  for (const block of blocks) read(ledger, exported.bundle.channel, block);
  return verifyAccessLog(exported.bundle, factsOf(ledger), exported.kept);
}

function read(ledger: LogLedger, channel: string, block: DecodedBlock): void {
  for (const transaction of block.transactions) {
    if (transaction.code !== VALID || transaction.chaincode !== HEALTH) continue;
    const { creator, txId } = transaction;
    for (const write of transaction.writes) {
      const change = write.namespace === HEALTH ? decodeWrite(write) : undefined;
      if (change?.row === undefined) continue;
      if (change.table === 'epoch') ledger.epochs.set(change.row.epoch, change.row);
      if (change.table === 'emergency' && change.row.emergencyId === txId)
        ledger.emergencies.set(txId, Number(block.number));
      if (change.table === 'checkpoint') addCheckpoint(ledger, channel, change.row);
      if (change.table === 'checkpoint' || change.table === 'intakeKey') addCertificate(ledger, creator);
    }
  }
}

function addCheckpoint({ checkpoints }: LogLedger, channel: string, row: CheckpointRow): void {
  const { mspId: custodian, size, root, mapRoot } = row;
  checkpoints.set(custodian, [
    ...(checkpoints.get(custodian) ?? []),
    { custodian, channel, size, root, mapRoot },
  ]);
}

function addCertificate(
  { certificates }: LogLedger,
  creator: DecodedBlock['transactions'][number]['creator'],
): void {
  certificates.set(creator.mspId, (certificates.get(creator.mspId) ?? new Set()).add(creator.certificate));
}

function factsOf(ledger: LogLedger): LedgerFacts {
  const inForce = [...ledger.epochs.values()].filter(({ state }) => state !== 'proposed');
  const keys = new Map(
    [...ledger.certificates].map(([mspId, pems]) => [mspId, [...pems].map(certificateKey)]),
  );
  return {
    custodians: [
      ...new Set(inForce.flatMap(({ custodians }) => custodians.map(({ mspId }) => mspId))),
    ].sort(),
    thresholdOf: (epoch) => inForce.find((row) => row.epoch === epoch)?.k,
    checkpointFromLedger: (custodian, size) =>
      ledger.checkpoints.get(custodian)?.find((each) => each.size === size),
    latestCheckpoint: (custodian) => ledger.checkpoints.get(custodian)?.at(-1),
    emergencyHeight: (transactionId) => ledger.emergencies.get(transactionId),
    verifyEntrySignature: (custodian, message, signature) =>
      (keys.get(custodian) ?? []).some((key) => verifySignature(key, message, fromBase64(signature))),
  };
}
