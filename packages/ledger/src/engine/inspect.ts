import { join } from 'node:path';
import { LedgerError } from '../error.ts';
import {
  BlockLog,
  isInUse,
  readOnlyFiles,
  tryDecodeRow,
  type Damage,
  type Location,
} from '../storage/index.ts';
import { checkIndexRow, numberOfBlockKey, parseStateKey, wholeState } from '../storage/ledger-keys.ts';
import { readLevel } from '../storage/level/index.ts';
import { scanBlocks } from './stored-blocks.ts';

export interface RowName {
  readonly namespace: string;
  readonly key: string;
}

/** One place in a stopped peer's files that is not as it was written. */
export interface FileFinding {
  readonly file: string;
  /** Of the damaged record or frame; undefined where a whole row is meant. */
  readonly offset?: number;
  readonly block?: number;
  readonly row?: RowName;
  readonly problem: string;
  /** False where nothing that counts is stored: a frame that a later one replaces. */
  readonly carriesData: boolean;
}

export interface LedgerInspection {
  readonly findings: readonly FileFinding[];
  /** Intact blocks; of a repaired block the later copy. */
  readonly places: ReadonlyMap<number, Location>;
  /** Blocks that no intact frame holds, below the highest that one holds or the state has applied. */
  readonly lostBlocks: readonly number[];
  /** From where on nothing is a block any more; what stood there comes from the other nodes again. */
  readonly endAt: Omit<Location, 'length'> | undefined;
  /** Rows of the state whose digests do not hold; the state is sound beside them unless `isStateLost`. */
  readonly damagedRows: readonly RowName[];
  /** Blocks that the state has applied. */
  readonly height: number;
  /** The peer was not stopped: what a power cut leaves of the state is no damage. */
  readonly wasInterrupted: boolean;
  /** The state's files or its indexes cannot be relied on. */
  readonly isStateLost: boolean;
}

const END = 'the end of the blocks is damaged';
const REPLACED = 'a frame that a later one replaces; it carries no data';

/** Reads everything that a stopped peer keeps of a channel and names what is damaged; changes nothing. */
export async function inspectLedger(directory: string): Promise<LedgerInspection> {
  const log = await BlockLog.open(readOnlyFiles, join(directory, 'blocks'));
  try {
    const { places, damages } = await scanBlocks(log);
    const state = await inspectState(directory);
    const height = Math.max(state.height, ...[...places.keys()].map((number) => number + 1), 0);
    const lostBlocks = Array.from({ length: height }, (_, i) => i).filter((number) => !places.has(number));
    const blocks = blockFindings(log, damages, lostBlocks, places);
    const endAt = damages[blocks.findIndex(({ problem }) => problem === END)];
    return { ...state, places, lostBlocks, endAt, findings: [...blocks, ...state.findings] };
  } finally {
    await log.close();
  }
}

/**
 * The number in a damaged frame says nothing by itself; together with what is lost and what is there it tells which block it
 * was. A frame whose block is there was replaced, unless the log ends with it.
 */
function blockFindings(
  log: BlockLog,
  damages: readonly Damage[],
  lostBlocks: readonly number[],
  places: ReadonlyMap<number, Location>,
): FileFinding[] {
  const unexplained = new Set(lostBlocks);
  const findings: FileFinding[] = [];
  for (const { segment, offset, number } of damages) {
    const isReplaced = number !== undefined && places.has(number);
    const block = number !== undefined && unexplained.has(number) ? number : [...unexplained][0];
    const place = { file: log.path(segment), offset };
    if (isReplaced || block === undefined) {
      const isEnd =
        !isReplaced && [...places.values()].every((other) => isBefore(other, { segment, offset }));
      findings.push({
        ...place,
        problem: isEnd ? END : REPLACED,
        carriesData: isEnd,
      });
      continue;
    }
    unexplained.delete(block);
    findings.push({ ...place, block, problem: `block ${block} is damaged`, carriesData: true });
  }
  for (const block of unexplained)
    findings.push({ file: log.path(0), block, problem: `block ${block} is missing`, carriesData: true });
  return findings;
}

function isBefore(one: Location, other: Omit<Location, 'length'>): boolean {
  return one.segment < other.segment || (one.segment === other.segment && one.offset < other.offset);
}

async function inspectState(directory: string) {
  const folder = join(directory, 'state');
  const wasInterrupted = await isInUse(readOnlyFiles, directory);
  const { rows, damages } = await readLevel(folder, { wasInterrupted });
  const findings: FileFinding[] = damages.map(({ file, offset, what }) => ({
    file,
    offset,
    problem: `${what} is damaged`,
    carriesData: true,
  }));
  let isStateLost = damages.length > 0;
  const damagedRows: RowName[] = [];
  let height = 0;
  const { from, to } = wholeState();
  for (const [name, value] of rows) {
    const key = Buffer.from(name, 'latin1');
    const isState = Buffer.compare(key, from) >= 0 && Buffer.compare(key, to) < 0;
    if (isState) {
      const row = parseStateKey(key);
      if (tryDecodeRow(row.namespace, row.key, value) !== undefined) continue;
      damagedRows.push(row);
      findings.push({
        file: folder,
        row,
        problem: `the row ${JSON.stringify(row.key)} is damaged`,
        carriesData: true,
      });
    } else {
      const problem = problemOf(key, value);
      if (problem === undefined) {
        // A key alone says nothing: a flipped bit in it would make a block that nobody has.
        height = Math.max(height, (numberOfBlockKey(key) ?? -1) + 1);
        continue;
      }
      isStateLost = true;
      findings.push({ file: folder, problem, carriesData: true });
    }
  }
  return { findings, damagedRows, isStateLost, height, wasInterrupted };
}

function problemOf(key: Buffer, value: Uint8Array): string | undefined {
  try {
    checkIndexRow(key, value);
    return undefined;
  } catch (error) {
    if (error instanceof LedgerError) return error.message;
    throw error;
  }
}
