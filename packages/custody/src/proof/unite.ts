import type { LogEntry } from '../log/format.ts';
import type { CheckedLog, ReadEntry } from './check-log.ts';
import type { Finding } from './findings.ts';

/** One access to one patient's records, as all custodians together tell it: one line for the patient. */
export interface Access {
  readonly requestId: string;
  /** The earliest of the custodians' times. */
  readonly time: string;
  /**
   * - `proved`: k custodians released, and all their entries are checkpointed · `recorded`: k released, some not checkpointed yet
   * - `incomplete`: fewer than k released, so nothing could be opened unless an entry is hidden
   * - `stated`: by the organisation itself, not provably complete · `refused`: nothing was released · `noted`: log reads, summaries
   */
  readonly status: 'proved' | 'recorded' | 'incomplete' | 'stated' | 'refused' | 'noted';
  readonly subject: LogEntry['subject'];
  readonly purpose?: LogEntry['purpose'];
  readonly emergency?: string;
  readonly interaction?: string;
  readonly records: readonly {
    readonly recordId: string;
    readonly version: number;
    readonly releasedBy: readonly string[];
  }[];
  readonly entries: readonly {
    readonly custodian: string;
    readonly entry: LogEntry;
    readonly isProven: boolean;
  }[];
}

type Released = Map<
  string,
  { recordId: string; version: number; epoch: number | undefined; releasedBy: string[] }
>;

/**
 * Joins the entries of all logs by request, in order of time, and finds releases by fewer than k. Who asks chooses the id, so the
 * asker and the request's bytes count too: under an id that was used before nobody hides behind somebody else's line.
 */
export function uniteAccesses(
  logs: readonly CheckedLog[],
  thresholdOf: (epoch: number) => number | undefined,
): { accesses: Access[]; findings: Finding[] } {
  const all = logs.flatMap(({ custodian, entries }) => entries.map((read) => ({ custodian, ...read })));
  const findings: Finding[] = [];
  const accesses = [...Map.groupBy(all, ({ entry }) => nameOf(entry)).values()].map((entries) => {
    const { requestId } = (entries[0] as (typeof entries)[number]).entry;
    const released = releasedRecords(entries);
    const short = shortOf(released, thresholdOf);
    findings.push(...short.map((finding) => ({ ...finding, requestId })));
    return access(requestId, entries, { released, isShort: short.length > 0 });
  });
  return { accesses: accesses.sort((a, b) => a.time.localeCompare(b.time)), findings };
}

function nameOf({ requestId, requestHash, subject }: LogEntry): string {
  return [requestId, requestHash, subject.mspId, subject.userId].join(' ');
}

function releasedRecords(entries: readonly (ReadEntry & { custodian: string })[]): Released {
  const released: Released = new Map();
  for (const { custodian, entry } of entries) {
    if (!isRelease(entry)) continue;
    for (const { recordId, version, epoch } of entry.records) {
      const name = `${recordId}/${version}/${epoch}`;
      const record = released.get(name) ?? { recordId, version, epoch, releasedBy: [] };
      released.set(name, record);
      if (!record.releasedBy.includes(custodian)) record.releasedBy.push(custodian);
    }
  }
  return released;
}

function shortOf(released: Released, thresholdOf: (epoch: number) => number | undefined): Finding[] {
  return [...released.values()].flatMap(({ recordId, version, epoch, releasedBy }): Finding[] => {
    const threshold = epoch === undefined ? undefined : thresholdOf(epoch);
    const record = `record ${recordId} version ${version}`;
    if (threshold === undefined) {
      return [
        {
          severity: 'breach',
          code: 'EPOCH_UNKNOWN',
          message: `${record}: epoch ${epoch} is not on the ledger`,
        },
      ];
    }
    if (releasedBy.length >= threshold) return [];
    const message = `${record}: released by ${releasedBy.join(', ')} only, ${threshold} are needed to open it`;
    return [{ severity: 'notice', code: 'FEWER_THAN_K', message }];
  });
}

function access(
  requestId: string,
  entries: readonly (ReadEntry & { custodian: string })[],
  { released, isShort }: { released: Released; isShort: boolean },
): Access {
  const inTime = entries.toSorted((a, b) => a.entry.time.localeCompare(b.entry.time));
  const { subject, purpose, emergency, interaction, time } = (inTime[0] as ReadEntry).entry;
  return {
    requestId,
    time,
    status: statusOf(entries, released.size > 0, isShort),
    subject,
    ...(purpose === undefined ? {} : { purpose }),
    ...(emergency === undefined ? {} : { emergency }),
    ...(interaction === undefined ? {} : { interaction }),
    records: [...released.values()].map(({ recordId, version, releasedBy }) => ({
      recordId,
      version,
      releasedBy,
    })),
    entries: inTime.map(({ custodian, entry, isProven }) => ({ custodian, entry, isProven })),
  };
}

function statusOf(entries: readonly ReadEntry[], isReleased: boolean, isShort: boolean): Access['status'] {
  const kinds = new Set(entries.map(({ entry }) => entry.kind));
  if (isReleased && isShort) return 'incomplete';
  if (isReleased) return entries.every(({ isProven }) => isProven) ? 'proved' : 'recorded';
  if (kinds.has('stated') || kinds.has('match')) return 'stated';
  return kinds.has('refused') ? 'refused' : 'noted';
}

export function isRelease({ kind }: LogEntry): boolean {
  return kind === 'released' || kind === 'rebuild';
}
