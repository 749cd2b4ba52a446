import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { batchEntries } from './batch.ts';
import { readLogFile, type FileDamage } from './log-file.ts';
import { liveFilesOf, type LiveFiles } from './manifest.ts';
import { readTable, type LevelEntry } from './table-file.ts';

export type { FileDamage } from './log-file.ts';

/** What the files of a closed LevelDB hold. */
export interface LevelContent {
  /** Live rows by the latin1 text of their keys; a row of a damaged block may be there, changed or not. */
  readonly rows: ReadonlyMap<string, Uint8Array>;
  readonly damages: readonly FileDamage[];
}

/** How the store was left. */
export interface LevelReading {
  /** Not closed: its logs count up to what a power cut has torn, and nothing after that. */
  readonly wasInterrupted: boolean;
}

/**
 * Reads a LevelDB from its files, checking every checksum and writing nothing. LevelDB itself checks none of its tables, skips what it
 * cannot read of its log, and ends the process when a changed key breaks the order of a table.
 */
export async function readLevel(directory: string, reading: LevelReading): Promise<LevelContent> {
  const rows = new Map<string, LevelEntry>();
  const damages = await eachEntry(directory, reading, (entry) => {
    const name = entry.key.toString('latin1');
    if ((rows.get(name)?.sequence ?? -1n) <= entry.sequence) rows.set(name, entry);
  });
  const live = [...rows].flatMap(([name, { value }]): [string, Uint8Array][] =>
    value === undefined ? [] : [[name, value]],
  );
  return { rows: new Map(live), damages };
}

/** Every damage of the files of a LevelDB that was closed; none where there is no LevelDB yet. */
export function auditLevel(directory: string): Promise<readonly FileDamage[]> {
  return eachEntry(directory, { wasInterrupted: false }, () => undefined);
}

/**
 * Makes the logs of an interrupted LevelDB end where their first damage is, so that it holds a prefix of its batches: LevelDB itself
 * would skip what it cannot read and apply what comes after.
 */
export async function cutTornLogs(directory: string): Promise<void> {
  const names = await namesIn(directory);
  const live = names.includes('CURRENT')
    ? await liveFiles(directory, { wasInterrupted: true }, () => undefined)
    : undefined;
  const logs = live === undefined ? [] : logsOf(names, live);
  for (const [i, name] of logs.entries()) {
    const end = soundEnd(await readFile(join(directory, name)));
    if (end === undefined) continue;
    await cutFile(join(directory, name), end);
    for (const later of logs.slice(i + 1)) await rm(join(directory, later));
    return;
  }
}

async function eachEntry(
  directory: string,
  { wasInterrupted }: LevelReading,
  take: (entry: LevelEntry) => void,
): Promise<readonly FileDamage[]> {
  const names = await namesIn(directory);
  if (!names.includes('CURRENT')) return [];
  const damages: FileDamage[] = [];
  const report = (file: string, found: readonly Omit<FileDamage, 'file'>[]): void => {
    damages.push(...found.map((damage) => ({ file: join(directory, file), ...damage })));
  };
  const live = await liveFiles(directory, { wasInterrupted }, report);
  for (const number of live?.tables ?? []) {
    const name = tableName(number);
    const bytes = await readFile(join(directory, name)).catch(() => new Uint8Array());
    const { entries, damages: found } = readTable(bytes);
    entries.forEach(take);
    report(name, found);
  }
  for (const name of live === undefined ? [] : logsOf(names, live)) {
    const bytes = await readFile(join(directory, name));
    const end = soundEnd(bytes);
    const isCut = wasInterrupted && end !== undefined;
    const { records, damages: found, tornAt } = readLogFile(isCut ? bytes.subarray(0, end) : bytes);
    for (const record of records) for (const entry of batchEntries(record)) take(entry);
    report(name, found);
    if (tornAt !== undefined) report(name, [{ offset: tornAt, what: 'the last record of the log' }]);
    if (isCut) break;
  }
  return damages;
}

/** Where the first damage of a log is; undefined when it is whole. */
function soundEnd(log: Uint8Array): number | undefined {
  const { damages, tornAt } = readLogFile(log);
  const places = [...damages.map(({ offset }) => offset), ...(tornAt === undefined ? [] : [tornAt])];
  return places.length === 0 ? undefined : Math.min(...places);
}

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((): string[] => []);
}

async function cutFile(path: string, size: number): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.truncate(size);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function liveFiles(
  directory: string,
  { wasInterrupted }: LevelReading,
  report: (file: string, found: readonly Omit<FileDamage, 'file'>[]) => void,
): Promise<LiveFiles | undefined> {
  const current = await manifestName(directory);
  if (current === undefined) {
    report('CURRENT', [{ offset: 0, what: 'the name of the manifest' }]);
    return undefined;
  }
  const bytes = await readFile(join(directory, current)).catch(() => new Uint8Array());
  const { records, damages, tornAt } = readLogFile(bytes);
  report(current, damages);
  if (tornAt !== undefined && !wasInterrupted)
    report(current, [{ offset: tornAt, what: 'the last record of the manifest' }]);
  if (records.length === 0) report(current, [{ offset: 0, what: 'the manifest' }]);
  return records.length === 0 ? undefined : liveFilesOf(records);
}

async function manifestName(directory: string): Promise<string | undefined> {
  return /^(MANIFEST-\d+)\n$/.exec(await readFile(join(directory, 'CURRENT'), 'latin1'))?.[1];
}

/** Names of the files that make up a sound LevelDB; its log of events, its lock and what it has replaced carry no data. */
export async function filesWithData(directory: string): Promise<readonly string[]> {
  const manifest = await manifestName(directory);
  const live = await liveFiles(directory, { wasInterrupted: false }, () => undefined);
  if (manifest === undefined || live === undefined) return [];
  return ['CURRENT', manifest, ...live.tables.map(tableName), ...logsOf(await namesIn(directory), live)];
}

function tableName(number: number): string {
  return `${String(number).padStart(6, '0')}.ldb`;
}

function logsOf(names: readonly string[], { log, previousLog }: LiveFiles): string[] {
  return names
    .filter((name) => name.endsWith('.log'))
    .filter((name) => {
      const number = Number.parseInt(name, 10);
      return number >= log || number === previousLog;
    })
    .sort();
}
