import { equalBytes, fromHex, toHex, verifyInclusion, verifyMapProof, type Bytes } from '@healthchain/core';
import { mapKey, mapValue, type Checkpoint } from '../log/checkpoint.ts';
import { entryLeafHash, parseEntry, type LogEntry, type SignedEntry } from '../log/format.ts';
import type { Finding, FindingCode } from './findings.ts';
import type { CustodianLog } from './format.ts';

/** An entry of the bundle that could be read. */
export interface ReadEntry {
  readonly entry: LogEntry;
  readonly leaf: Bytes;
  readonly signed: SignedEntry;
  /** Included under a checkpoint of the ledger; otherwise only signed. */
  readonly isProven: boolean;
}

export interface CheckedLog {
  readonly custodian: string;
  readonly entries: readonly ReadEntry[];
  readonly findings: readonly Finding[];
  /** Leaves of the checkpoint that proves the entries; 0 without one. */
  readonly provenSize: number;
}

export interface LogTrust {
  /** The checkpoint of this size that the ledger holds for the custodian. */
  readonly onLedger: Checkpoint | undefined;
  /** The custodian's last checkpoint on the ledger. */
  readonly latest: Checkpoint | undefined;
}

/** Checks one custodian's part of a bundle by itself: inclusion, running numbers, completeness. */
export function checkLog(
  about: { channel: string; person: string },
  log: CustodianLog,
  trust: LogTrust,
): CheckedLog {
  const { custodian } = log;
  const findings: Finding[] = [];
  const find: Find = (code, message, at = {}) => {
    findings.push({
      severity: code === 'NOT_CHECKPOINTED' || code === 'CHECKPOINT_NOT_LATEST' ? 'notice' : 'breach',
      code,
      custodian,
      ...at,
      message: `${custodian}: ${message}`,
    });
  };
  const checkpoint = checkCheckpoint(log, trust, find);
  const proven = readEntries(about, custodian, log.entries, find).map((read) => ({
    ...read,
    isProven: checkInclusion(read, read.signed.inclusion, checkpoint, find),
  }));
  checkNumbers(proven, log.head?.count ?? 0, find);
  checkHead(about, log, proven.at(-1), find);
  const signed = readEntries(about, custodian, log.uncheckpointed, find).map((read) => ({
    ...read,
    isProven: false,
  }));
  checkChain([...proven, ...signed], find);
  return { custodian, entries: [...proven, ...signed], findings, provenSize: checkpoint?.size ?? 0 };
}

type Find = (code: FindingCode, message: string, at?: Pick<Finding, 'number' | 'between'>) => void;
type Unproven = Omit<ReadEntry, 'isProven'>;
type Read<Signed extends SignedEntry> = Omit<Unproven, 'signed'> & { readonly signed: Signed };

function checkCheckpoint(
  log: CustodianLog,
  { onLedger, latest }: LogTrust,
  find: Find,
): Checkpoint | undefined {
  const claimed = log.checkpoint;
  if (claimed === null) {
    if (latest === undefined) find('NOT_CHECKPOINTED', 'the log has no checkpoint on the ledger yet');
    else find('CHECKPOINT_NOT_ON_LEDGER', `the log leaves out its checkpoint of size ${latest.size}`);
    return undefined;
  }
  if (onLedger === undefined || JSON.stringify(rootsOf(onLedger)) !== JSON.stringify(rootsOf(claimed))) {
    find('CHECKPOINT_NOT_ON_LEDGER', `the ledger holds no such checkpoint of size ${claimed.size}`);
    return undefined;
  }
  if (latest !== undefined && latest.size > claimed.size) {
    find(
      'CHECKPOINT_NOT_LATEST',
      `the export proves ${claimed.size} entries, the ledger has a checkpoint of ${latest.size}`,
    );
  }
  return onLedger;
}

function rootsOf({ custodian, channel, size, root, mapRoot }: Checkpoint): readonly unknown[] {
  return [custodian, channel, size, root, mapRoot];
}

function readEntries<Signed extends SignedEntry>(
  about: { channel: string; person: string },
  custodian: string,
  entries: readonly Signed[],
  find: Find,
): Read<Signed>[] {
  return entries.flatMap((signed, i) => {
    try {
      const entry = parseEntry(signed.text);
      if (entry.person !== about.person || entry.channel !== about.channel || entry.custodian !== custodian) {
        find('FOREIGN_ENTRY', `entry ${entry.number} is not of this person, channel and custodian`, {
          number: entry.number,
        });
      }
      return [{ entry, leaf: entryLeafHash(signed), signed }];
    } catch {
      find('MALFORMED_ENTRY', `the ${i + 1}. entry cannot be read`);
      return [];
    }
  });
}

function checkInclusion(
  { entry, leaf }: Unproven,
  inclusion: readonly string[],
  checkpoint: Checkpoint | undefined,
  find: Find,
): boolean {
  if (checkpoint === undefined) return false;
  const isIncluded = verifyInclusion({
    leafHash: leaf,
    index: entry.sequence,
    size: checkpoint.size,
    proof: inclusion.map(fromHex),
    root: fromHex(checkpoint.root),
  });
  if (!isIncluded)
    find('NOT_INCLUDED', `entry ${entry.number} is not in the log of the checkpoint`, {
      number: entry.number,
    });
  return isIncluded;
}

/** Every number from 1 to the count of the map is there. */
function checkNumbers(proven: readonly Unproven[], count: number, find: Find): void {
  const byNumber = new Map(proven.map(({ entry }) => [entry.number, entry]));
  for (let number = 1; number <= count; number++) {
    if (byNumber.has(number)) continue;
    const between = { after: byNumber.get(number - 1)?.time, before: byNumber.get(number + 1)?.time };
    const span = `between ${between.after ?? 'the beginning'} and ${between.before ?? 'the checkpoint'}`;
    find('ENTRY_REMOVED', `entry ${number} is missing: written ${span}`, { number, between });
  }
}

/** The row of the map stands for the last entry; no row stands for no entry. */
function checkHead(
  { channel, person }: { channel: string; person: string },
  { custodian, checkpoint, head, mapProof }: CustodianLog,
  last: Unproven | undefined,
  find: Find,
): void {
  if (checkpoint === null) return;
  if (mapProof === null) return find('MAP_PROOF_INVALID', 'the proof of completeness is missing');
  const proof = {
    entry:
      mapProof.entry === null
        ? undefined
        : { key: fromHex(mapProof.entry.key), value: fromHex(mapProof.entry.value) },
    siblings: mapProof.siblings.map(fromHex),
  };
  const proved = verifyMapProof(fromHex(checkpoint.mapRoot), mapKey(channel, custodian, person), proof);
  if (proved === 'invalid') return find('MAP_PROOF_INVALID', 'the proof of completeness shows nothing');
  if (proved === 'absent' || head === null) {
    if (proved !== 'absent') find('HEAD_DIFFERS', 'the map has entries of this person, the export says none');
    else if (last !== undefined || head !== null) find('HEAD_DIFFERS', 'the map has no entry of this person');
    return undefined;
  }
  const value = mapValue(fromHex(head.salt), head.count, fromHex(head.head));
  if (!equalBytes(value, proved))
    return find('HEAD_DIFFERS', 'the map has another number or last entry of this person');
  const isLast = last?.entry.number === head.count && toHex(last.leaf) === head.head;
  if (last?.entry.number === head.count && !isLast)
    find('HEAD_DIFFERS', 'the last entry is not the one of the map');
  return undefined;
}

function checkChain(entries: readonly Unproven[], find: Find): void {
  entries.forEach(({ entry }, i) => {
    const before = entries[i - 1];
    if ((before?.entry.number ?? 0) !== entry.number - 1) {
      if (before !== undefined && before.entry.number >= entry.number) {
        find('CHAIN_BROKEN', `entry ${entry.number} does not follow entry ${before.entry.number}`, {
          number: entry.number,
        });
      }
      return;
    }
    if (entry.previous !== (before === undefined ? null : toHex(before.leaf))) {
      find('CHAIN_BROKEN', `entry ${entry.number} names another entry before it`, { number: entry.number });
    }
  });
}
