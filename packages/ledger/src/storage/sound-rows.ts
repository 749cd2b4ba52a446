import { LedgerError } from '../error.ts';
import type { FileStore } from './files.ts';
import type { Claim } from './in-use.ts';
import type { KeyValueStore } from './key-value.ts';
import { decodeSavepoint, SAVEPOINT_KEY, type Savepoint } from './ledger-keys.ts';
import { mustHoldEveryBlock } from './lost-batches.ts';

/** Opens the rows under a folder. @throws LedgerError STORE_CORRUPT */
export type OpenRows = (
  directory: string,
  found: { readonly wasInterrupted: boolean },
) => Promise<KeyValueStore>;

/** What the nodes of an engine store on. */
export interface LedgerStorage {
  readonly files: FileStore;
  readonly openRows: OpenRows;
}

export interface SoundRows {
  readonly rows: KeyValueStore;
  readonly savepoint: Savepoint | undefined;
}

/**
 * Rows that hold the effects of every block below their savepoint. Where they were interrupted and do not, they are dropped and
 * begin empty. @throws LedgerError STORE_CORRUPT, INDEX_CORRUPT of rows that were closed
 */
export async function openSoundRows(
  files: FileStore,
  openRows: OpenRows,
  directory: string,
  found: Pick<Claim, 'wasInterrupted'>,
): Promise<SoundRows> {
  try {
    return await openWhole(openRows, directory, found);
  } catch (error) {
    if (!found.wasInterrupted || !(error instanceof LedgerError)) throw error;
    process.emitWarning(`${error.message}; the power failed, and the state is made again from the blocks`, {
      type: 'Ledger',
      code: 'LEDGER_STATE_DROPPED',
    });
    await files.remove(directory);
    return openWhole(openRows, directory, found);
  }
}

async function openWhole(
  openRows: OpenRows,
  directory: string,
  found: Pick<Claim, 'wasInterrupted'>,
): Promise<SoundRows> {
  const rows = await openRows(directory, found);
  try {
    const row = rows.get(SAVEPOINT_KEY);
    const savepoint = row === undefined ? undefined : decodeSavepoint(row);
    await mustHoldEveryBlock(rows, savepoint?.height ?? 0);
    return { rows, savepoint };
  } catch (error) {
    await rows.close();
    throw error;
  }
}
