import { join } from 'node:path';
import { LedgerError } from '../error.ts';
import { BlockLog, isInUse, readOnlyFiles, type Damage } from '../storage/index.ts';
import { decodeSavepoint, parseStateKey, SAVEPOINT_KEY, wholeState } from '../storage/ledger-keys.ts';
import { readLevel, type LevelContent } from '../storage/level/index.ts';
import { decodeStateRow, tryDecodeRow } from '../storage/index.ts';
import type { StatePage } from './control.ts';
import { layout } from './layout.ts';
import { openNetwork } from './network.ts';
import { scanBlocks, type StoredBlocks } from './stored-blocks.ts';

/** A stopped peer's ledger as its files hold it. Reading changes nothing in them; the peer must stay stopped meanwhile. */
export interface OfflineLedger {
  /** Number of blocks applied to the state; of blocks in the segments when the state cannot tell. */
  readonly height: number;
  /** Places in the files of the state whose checksums do not hold. */
  readonly damages: readonly { readonly file: string; readonly offset: number; readonly what: string }[];
  /** A marshalled common.Block. @throws LedgerError BLOCK_CORRUPT, NOT_FOUND */
  block(number: number): Promise<Uint8Array>;
  /** Marshalled common.Block messages from block 0 on. @throws LedgerError BLOCK_CORRUPT, NOT_FOUND */
  blocks(): AsyncIterable<Uint8Array>;
  /** All rows of the live state. */
  stateRows(): StatePage;
  /** Rows of the live state. @throws LedgerError STATE_CORRUPT at a damaged one */
  state(): AsyncIterable<StatePage['rows'][number]>;
  close(): Promise<void>;
}

/** @throws LedgerError BAD_NETWORK, UNKNOWN_NODE, NOT_FOUND when the peer has not joined the channel */
export async function openOfflineLedger(options: {
  readonly directory: string;
  readonly peer: string;
  readonly channel: string;
}): Promise<OfflineLedger> {
  const network = openNetwork(options.directory);
  const node = network.nodes.find(({ id, kind }) => id === options.peer && kind === 'peer');
  if (node === undefined) throw new LedgerError('UNKNOWN_NODE', `There is no peer ${options.peer}`);
  const directory = join(layout.node(options.directory, node.id), network.channel(options.channel).name);
  const log = await BlockLog.open(readOnlyFiles, join(directory, 'blocks'));
  const stored = await scanBlocks(log);
  if (stored.count === 0) {
    await log.close();
    throw new LedgerError('NOT_FOUND', `${options.peer} has not joined ${options.channel}`);
  }
  const wasInterrupted = await isInUse(readOnlyFiles, directory);
  return new PeerFiles(log, stored, await readLevel(join(directory, 'state'), { wasInterrupted }));
}

class PeerFiles implements OfflineLedger {
  readonly #log: BlockLog;
  readonly #stored: StoredBlocks;
  readonly #state: LevelContent;
  readonly height: number;

  constructor(log: BlockLog, stored: StoredBlocks, state: LevelContent) {
    this.#log = log;
    this.#stored = stored;
    this.#state = state;
    this.height = savedHeight(state) ?? stored.count;
  }

  get damages(): OfflineLedger['damages'] {
    return this.#state.damages;
  }

  async block(number: number): Promise<Uint8Array> {
    const place = this.#stored.places.get(number);
    if (place !== undefined) return this.#log.read(number, place);
    const damage = this.#damageInPlaceOf(number);
    if (damage !== undefined) throw this.#log.corrupt({ ...damage, number });
    throw new LedgerError('NOT_FOUND', `The segments hold no block ${number}`, { details: { number } });
  }

  async *blocks(): AsyncGenerator<Uint8Array> {
    for (let number = 0; number < this.height; number++) yield await this.block(number);
  }

  stateRows(): StatePage {
    const rows: StatePage['rows'][number][] = [];
    const damaged: StatePage['damaged'][number][] = [];
    for (const { namespace, key, row } of this.#rows()) {
      const decoded = tryDecodeRow(namespace, key, row);
      if (decoded === undefined) damaged.push({ namespace, key });
      else rows.push({ namespace, key, value: decoded.value, version: decoded.version });
    }
    return { rows, damaged, isLast: true };
  }

  async *state(): AsyncGenerator<StatePage['rows'][number]> {
    for (const { namespace, key, row } of this.#rows()) {
      yield { namespace, key, ...decodeStateRow(namespace, key, row) };
    }
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  /** What stands behind the last intact block before it; the number in a damaged frame says nothing. */
  #damageInPlaceOf(number: number): Damage | undefined {
    const { places, damages } = this.#stored;
    let before = number - 1;
    while (before >= 0 && !places.has(before)) before -= 1;
    const place = places.get(before) ?? { segment: 0, offset: -1 };
    return damages.find(
      ({ segment, offset }) =>
        segment > place.segment || (segment === place.segment && offset > place.offset),
    );
  }

  *#rows(): Generator<{ readonly namespace: string; readonly key: string; readonly row: Uint8Array }> {
    const { from, to } = wholeState();
    for (const [name, row] of this.#state.rows) {
      const key = Buffer.from(name, 'latin1');
      if (Buffer.compare(key, from) >= 0 && Buffer.compare(key, to) < 0) yield { ...parseStateKey(key), row };
    }
  }
}

function savedHeight({ rows }: LevelContent): number | undefined {
  const row = rows.get(Buffer.from(SAVEPOINT_KEY).toString('latin1'));
  try {
    return row === undefined ? undefined : decodeSavepoint(row).height;
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
