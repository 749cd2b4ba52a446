import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNetwork, startEngine, type Engine, type KeyPair } from '../engine/index.ts';
import { LedgerError } from '../error.ts';
import { openLevel, type LedgerStorage } from '../storage/index.ts';
import { filesOn } from '../storage/files.ts';
import { CONTRACT, contractOf, DEFINITION, enrolWriter, faultChaincode } from './consortium.ts';
import { Draws } from './draws.ts';
import { checkAfterCut } from './after-cut.ts';
import { PowerCutDisk, type CutImage } from './power-cut-disk.ts';
import type { Outcome } from './survival.ts';
import { tornLevel } from './torn-level.ts';

/** Cuts that one ledger lives through; then another begins, so that the check of its chain stays short. */
const CUTS_OF_A_LIFE = 10;
/** Calls of the disk from the start of the nodes to the cut at most: in opening, or in writing. */
const MAX_CALLS = [60, 400] as const;
const WRITERS = 6;
/** So that LevelDB's logs have several blocks of 32 KB, and a hole in one lets those after it stand. */
const VALUE_BYTES = 3000;

export interface PowerCutOptions {
  readonly cuts: number;
  readonly firstSeed: number;
  readonly onProgress?: (line: string) => void;
}

export interface PowerCutReport {
  readonly cuts: number;
  readonly firstSeed: number;
  /** Writes that a client had been told to be VALID before a cut; none of them was missing after it. */
  readonly acknowledged: number;
  /** Writes under way at a cut: of each the whole was there afterwards, or nothing. */
  readonly underWay: number;
  /** What became of the files that held bytes not synced. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly namesLost: number;
  readonly seconds: number;
}

/** One ledger and what its clients know of it. */
interface Life {
  directory: string;
  readonly writers: ReadonlyMap<string, KeyPair>;
  readonly acknowledged: Set<string>;
  increments: number;
}

/**
 * Plays power cuts on a whole consortium under concurrent writes. After each, everything is opened from what was synced and a
 * seeded part of what was not, and must hold. The seed draws the moment (a call of the disk), what survives of every file, and which
 * names do; the order of the writers' calls is the machine's.
 * @throws LedgerError NOT_DURABLE, which names the seed and what was lost
 */
export async function playPowerCuts(options: PowerCutOptions): Promise<PowerCutReport> {
  const start = performance.now();
  const total = { acknowledged: 0, underWay: 0, namesLost: 0 };
  const outcomes: Record<Outcome, number> = { nothing: 0, prefix: 0, sectors: 0, all: 0 };
  const folder = await mkdtemp(join(tmpdir(), 'ledger-power-'));
  try {
    let life: Life | undefined;
    for (let i = 0; i < options.cuts; i++) {
      const seed = options.firstSeed + i;
      if (i % CUTS_OF_A_LIFE === 0) life = await begin(join(folder, `life-${seed}`));
      const cut = await cutOnce(life as Life, seed);
      total.acknowledged += cut.acknowledged;
      total.underWay += cut.underWay;
      total.namesLost += cut.image.namesLost;
      for (const outcome of Object.keys(outcomes) as Outcome[])
        outcomes[outcome] += cut.image.outcomes[outcome];
      options.onProgress?.(`seed ${seed}: ${cut.acknowledged} writes acknowledged, all there`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const seconds = Number(((performance.now() - start) / 1000).toFixed(1));
  return { cuts: options.cuts, firstSeed: options.firstSeed, ...total, outcomes, seconds };
}

async function begin(directory: string): Promise<Life> {
  await createNetwork({ directory, definition: DEFINITION, now: new Date() });
  const engine = await startEngine({ directory, chaincodes: { [CONTRACT]: faultChaincode }, worker: false });
  await engine.deploy();
  await engine.close();
  const members = DEFINITION.organisations.map(({ mspId }) => mspId);
  const writers = await Promise.all(
    members.map(async (mspId) => [mspId, await enrolWriter(directory, mspId)] as const),
  );
  return { directory, writers: new Map(writers), acknowledged: new Set(), increments: 0 };
}

async function cutOnce(life: Life, seed: number) {
  const before = life.acknowledged.size + life.increments;
  const { image, directory, underWay } = await writeUntilCut(life, seed);
  await rm(life.directory, { recursive: true });
  life.directory = directory;
  try {
    await checkAfterCut(life);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LedgerError('NOT_DURABLE', `Power cut of seed ${seed}: ${reason}`, {
      cause,
      details: { seed },
    });
  }
  return { image, underWay, acknowledged: life.acknowledged.size + life.increments - before };
}

/** Runs the consortium until the power fails at a call of the disk that the seed draws. */
async function writeUntilCut(life: Life, seed: number) {
  const draws = new Draws(seed);
  const target = `${life.directory.replace(/\+.*$/, '')}+${seed}`;
  const cutAt = 1 + draws.below(draws.oneOf(MAX_CALLS));
  let image: CutImage | undefined;
  const disk = new PowerCutDisk((calls) => {
    if (calls === cutAt) image = disk.imageTo(life.directory, target, draws);
  });
  const isCut = () => image !== undefined;
  const writing = { underWay: 0 };
  const engine = await startEngine({
    directory: life.directory,
    chaincodes: { [CONTRACT]: faultChaincode },
    worker: false,
    storage: storageOn(disk),
  });
  try {
    await Promise.all(
      Array.from({ length: WRITERS }, (_, i) => writeOn(engine, life, `${seed}-${i}`, isCut, writing)),
    );
  } finally {
    await engine.close();
  }
  if (image === undefined) throw new Error('the power has not failed');
  return { image, directory: target, underWay: writing.underWay };
}

function storageOn(disk: PowerCutDisk): LedgerStorage {
  return {
    files: filesOn(disk),
    openRows(directory, found) {
      disk.leaveTo(directory, tornLevel(existsSync(directory)));
      return openLevel(directory, found);
    },
  };
}

/** Every second write is of a key of its own, the others add to one counter and meet the conflicts that come with it. */
async function writeOn(
  engine: Engine,
  life: Life,
  name: string,
  isCut: () => boolean,
  writing: { underWay: number },
): Promise<void> {
  const members = [...life.writers];
  const [mspId, writer] = members[Number(name.at(-1)) % members.length] as (typeof members)[number];
  const client = contractOf(engine, mspId, writer);
  for (let i = 0; !isCut(); i++) {
    const key = `${name}-${i}`;
    const isCounting = i % 2 === 1;
    const call = isCounting ? ['increment'] : ['put', key, key.padEnd(VALUE_BYTES, '.')];
    const [fcn = '', ...args] = call;
    const isValid = await client.contract.submitTransaction(fcn, ...args).then(
      () => true,
      () => false,
    );
    if (isCut()) writing.underWay += 1;
    else if (isValid && isCounting) life.increments += 1;
    else if (isValid) life.acknowledged.add(key);
  }
  client.close();
}
