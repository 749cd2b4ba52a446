import { join } from 'node:path';
import { equalBytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { decodeBlock, MetadataIndex, type RawBlock } from '../ordering/index.ts';
import { parsedOnce } from '../ordering/parsed.ts';
import { BlockLog, type LedgerStorage, type Location, type StateRow } from '../storage/index.ts';
import { blockKey, encodeBlockRow, stateKey } from '../storage/ledger-keys.ts';
import { encodeStateRow } from '../storage/state-rows.ts';
import { blockDataHash, blockHeaderHash } from '../validation/index.ts';
import type { RepairReport } from './control.ts';
import { inspectLedger, type LedgerInspection, type RowName } from './inspect.ts';

/** Copies of a block that other nodes have; nothing of them is believed. */
export type BlockCopies = (number: number) => AsyncIterable<Uint8Array>;

/**
 * Puts right what a stopped peer keeps of a channel: lost blocks come from other nodes, damaged rows from the blocks; a state that
 * cannot be relied on is dropped and made again at the next start.
 * @throws LedgerError NOT_REPAIRABLE when no other node has an intact copy of a block
 */
export async function repairLedger(
  directory: string,
  storage: LedgerStorage,
  copies: BlockCopies,
): Promise<Omit<RepairReport, 'channel'>> {
  const inspection = await inspectLedger(directory);
  const log = await BlockLog.open(storage.files, join(directory, 'blocks'));
  try {
    if (inspection.endAt !== undefined) await log.cut(inspection.endAt);
    const restored = await restoreBlocks(log, inspection, copies);
    const places = new Map([...inspection.places, ...restored]);
    const rows = inspection.isStateLost ? undefined : await rowsFromBlocks(log, places, inspection);
    if (rows === undefined) await storage.files.remove(join(directory, 'state'));
    else await writeRows(directory, storage, inspection, { blocks: restored, state: rows });
    return {
      findings: inspection.findings,
      blocks: inspection.lostBlocks,
      rows: rows === undefined ? [] : inspection.damagedRows,
      isStateRebuilt: rows === undefined,
    };
  } finally {
    await log.close();
  }
}

async function restoreBlocks(
  log: BlockLog,
  { lostBlocks, places }: LedgerInspection,
  copies: BlockCopies,
): Promise<ReadonlyMap<number, Location>> {
  const restored = new Map<number, Location>();
  const blockAt = async (number: number): Promise<RawBlock | undefined> => {
    const place = restored.get(number) ?? places.get(number);
    return place && decodeBlock(await log.read(number, place));
  };
  for (const number of lostBlocks) {
    const bytes = await fittingCopy(number, copies, await blockAt(number - 1), await blockAt(number + 1));
    restored.set(number, await log.append(number, [bytes]));
  }
  await log.sync();
  return restored;
}

/** The hash of its header stands in the next block, that of the one before in it, and that of its content in its header. */
async function fittingCopy(
  number: number,
  copies: BlockCopies,
  before: RawBlock | undefined,
  after: RawBlock | undefined,
): Promise<Uint8Array> {
  for await (const bytes of copies(number)) {
    const { header, data, metadata } = decodeBlock(bytes);
    const hasCodes = metadata[MetadataIndex.transactionsFilter]?.length === data.length;
    const isNumber = header.number === BigInt(number);
    const isContent = equalBytes(header.dataHash, blockDataHash(data));
    const follows = before === undefined || equalBytes(header.previousHash, blockHeaderHash(before.header));
    const precedes = after === undefined || equalBytes(after.header.previousHash, blockHeaderHash(header));
    if (hasCodes && isNumber && isContent && follows && precedes) return bytes;
  }
  throw new LedgerError('NOT_REPAIRABLE', `No running node has an intact copy of block ${number}`, {
    details: { number, hint: 'Start another peer or orderer of the channel, then repair again.' },
  });
}

/** The damaged rows as the valid writes of the chain leave them; undefined where only a rebuild can tell. */
async function rowsFromBlocks(
  log: BlockLog,
  places: ReadonlyMap<number, Location>,
  { damagedRows, height }: LedgerInspection,
): Promise<ReadonlyMap<RowName, StateRow> | undefined> {
  const rows = new Map<RowName, StateRow>();
  if (damagedRows.length === 0) return rows;
  for (let number = 0; number < height; number++) {
    const block = decodeBlock(await log.read(number, places.get(number) as Location));
    const codes = block.metadata[MetadataIndex.transactionsFilter] ?? new Uint8Array();
    for (const [index, envelope] of block.data.entries()) {
      const namespaces = codes[index] === 0 ? (parsedOnce(envelope).action?.sets.namespaces ?? []) : [];
      for (const row of damagedRows) {
        const set = namespaces.find(({ namespace }) => namespace === row.namespace);
        if (set?.metadataWrites.some(({ key }) => key === row.key) === true) return undefined;
        const write = set?.writes.find(({ key }) => key === row.key);
        const version = { block: BigInt(number), transaction: BigInt(index) };
        if (write?.isDelete === true) rows.delete(row);
        else if (write !== undefined)
          rows.set(row, { value: write.value, metadata: new Uint8Array(), version });
      }
    }
  }
  return rows.size === damagedRows.length ? rows : undefined;
}

async function writeRows(
  directory: string,
  storage: LedgerStorage,
  { wasInterrupted }: LedgerInspection,
  {
    blocks,
    state,
  }: {
    readonly blocks: ReadonlyMap<number, Location>;
    readonly state: ReadonlyMap<RowName, StateRow>;
  },
): Promise<void> {
  if (blocks.size + state.size === 0) return;
  const rows = await storage.openRows(join(directory, 'state'), { wasInterrupted });
  try {
    await rows.write([
      ...[...blocks].map(([number, place]) => ({
        type: 'put' as const,
        key: blockKey(number),
        value: encodeBlockRow(number, place),
      })),
      ...[...state].map(([{ namespace, key }, row]) => ({
        type: 'put' as const,
        key: stateKey(namespace, key),
        value: encodeStateRow(namespace, key, row),
      })),
    ]);
  } finally {
    await rows.close();
  }
}
