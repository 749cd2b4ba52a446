import { LedgerError } from '../error.ts';
import type { PeerChannel } from '../peer/index.ts';
import { decodeBlock } from '../ordering/index.ts';
import { decodeStateRow, type LedgerStore, type StateRow } from '../storage/index.ts';
import { blockHeaderHash } from '../validation/index.ts';
import type { RepairReport } from './control.ts';

/** Damaged blocks come back from other peers, damaged rows from the blocks. @throws LedgerError NOT_REPAIRABLE */
export async function repairLedger(
  ledger: PeerChannel,
  others: readonly PeerChannel[],
): Promise<RepairReport> {
  const blocks: number[] = [];
  for (let number = 0; number < ledger.height; number++) {
    if (await isReadable(ledger.store, number)) continue;
    await ledger.store.replaceBlock(number, await copyFrom(ledger, others, number));
    blocks.push(number);
  }
  const rows: { namespace: string; key: string }[] = [];
  const view = ledger.store.view();
  try {
    for await (const { namespace, key, row } of view.rows()) {
      if (tryDecode(namespace, key, row) !== undefined) continue;
      await ledger.store.replaceRow(namespace, key, await rowFromBlocks(ledger, namespace, key));
      rows.push({ namespace, key });
    }
  } finally {
    await view.close();
  }
  return { blocks, rows };
}

/** The state of one key as the valid writes of the chain leave it. */
async function rowFromBlocks(
  ledger: PeerChannel,
  namespace: string,
  key: string,
): Promise<StateRow | undefined> {
  let row: StateRow | undefined;
  for (let number = 0; number < ledger.height; number++) {
    const { transactions, codes } = await ledger.committed(number);
    for (const [index, { action }] of transactions.entries()) {
      const set = action?.sets.namespaces.find((candidate) => candidate.namespace === namespace);
      if (codes[index] !== 0 || set === undefined) continue;
      const version = { block: BigInt(number), transaction: BigInt(index) };
      const write = set.writes.find((candidate) => candidate.key === key);
      const metadataWrite = set.metadataWrites.find((candidate) => candidate.key === key);
      if (write?.isDelete === true) row = undefined;
      else if (write !== undefined) row = { value: write.value, metadata: row?.metadata ?? NOTHING, version };
      if (metadataWrite !== undefined && row !== undefined) {
        throw new LedgerError(
          'NOT_REPAIRABLE',
          `${JSON.stringify(key)} in ${namespace} has a policy of its own: rebuild the state`,
        );
      }
    }
  }
  if (row === undefined) {
    throw new LedgerError(
      'NOT_REPAIRABLE',
      `${JSON.stringify(key)} in ${namespace} is not written by any transaction: rebuild the state`,
    );
  }
  return row;
}

async function copyFrom(
  ledger: PeerChannel,
  others: readonly PeerChannel[],
  number: number,
): Promise<Uint8Array> {
  for (const other of others) {
    const bytes = await other.store.block(number).catch(() => undefined);
    if (bytes === undefined) continue;
    const hash = blockHeaderHash(decodeBlock(bytes).header);
    if (ledger.numberByHash(hash) === number) return bytes;
  }
  throw new LedgerError('NOT_REPAIRABLE', `No running peer has an intact copy of block ${number}`);
}

async function isReadable(store: LedgerStore, number: number): Promise<boolean> {
  try {
    await store.block(number);
    return true;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'BLOCK_CORRUPT') return false;
    throw error;
  }
}

/** Undefined when the row's digest does not hold. */
export function tryDecode(namespace: string, key: string, row: Uint8Array): StateRow | undefined {
  try {
    return decodeStateRow(namespace, key, row);
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'STATE_CORRUPT') return undefined;
    throw error;
  }
}

const NOTHING = new Uint8Array();
