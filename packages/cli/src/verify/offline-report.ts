import type { AccessLogReport } from '@healthchain/custody';
import { table } from '../output.ts';
import type { OfflineReport } from './offline.ts';

type Access = AccessLogReport['accesses'][number];

const MEANING: Readonly<Record<Access['status'], string>> = {
  proved: 'released, proved by the custodians needed',
  recorded: 'released, not under a checkpoint yet',
  incomplete: 'fewer custodians than needed released',
  stated: 'stated by the organisation itself',
  refused: 'refused',
  noted: 'a look at the log, or a summary',
};

/** The report for people: the chain, then every access as one line, then what is wrong. */
export function offlineLines(report: OfflineReport): string[] {
  const { chain, log } = report;
  return [
    `Chain of ${chain.channel}: ${chain.blocks} blocks, ${chain.transactions} transactions, ${
      chain.findings.length === 0 ? 'verified' : 'NOT verified'
    } from genesis block ${chain.genesisHash.slice(0, 16)}…`,
    ...chain.findings.map(({ block, transaction, problem }) =>
      [
        `  block ${block}`,
        ...(transaction === undefined ? [] : [`transaction ${transaction}`]),
        problem,
      ].join(': '),
    ),
    ...(log === undefined ? withoutLog(report) : logLines(log)),
    '',
    'Not to be seen in these files:',
    ...report.notChecked.map((line) => `  ${line}`),
    '',
    verdict(report),
  ];
}

function withoutLog({ chain }: OfflineReport): string[] {
  return chain.findings.length > 0
    ? ['The log was not judged: nothing follows from a chain that does not hold.']
    : [`The export has no log on ${chain.channel}.`];
}

function logLines(log: NonNullable<OfflineReport['log']>): string[] {
  const breaches = log.findings.filter(({ severity }) => severity === 'breach');
  const notices = log.findings.filter(({ severity }) => severity === 'notice');
  return [
    '',
    ...table([
      ['CUSTODIAN', 'ENTRIES OF THE PATIENT', 'CHECKPOINT PROVES'],
      ...log.logs.map(({ custodian, entries, provenSize }) => [
        custodian,
        String(entries),
        provenSize === 0 ? 'nothing yet' : `its first ${provenSize} entries`,
      ]),
    ]),
    ...log.unanswered.map((custodian) => `${custodian} gave the exporter no log`),
    '',
    ...table([['WHEN', 'WHO', 'PURPOSE', 'RECORDS', 'WHAT'], ...log.accesses.map(accessRow)]),
    ...(breaches.length === 0 ? [] : ['', 'Breaches:', ...breaches.map(({ message }) => `  ${message}`)]),
    ...(notices.length === 0 ? [] : ['', 'Notices:', ...onePerRequest(notices)]),
  ];
}

/** Notices about the records of one request are one line. */
function onePerRequest(notices: AccessLogReport['findings']): string[] {
  const groups = Map.groupBy(notices, ({ code, requestId, message }) =>
    requestId === undefined ? message : `${code} ${requestId}`,
  );
  return [...groups.values()].map(([first, ...others]) => {
    const more = others.length === 0 ? '' : `, and ${others.length} more records of the same request`;
    return `  ${first?.message}${more}`;
  });
}

function accessRow(access: Access): string[] {
  const { time, subject, purpose, status, emergency } = access;
  return [
    time,
    `${subject.userId ?? 'server'} (${subject.mspId}${subject.role === undefined ? '' : `, ${subject.role}`})`,
    purpose ?? '',
    recordsOf(access),
    emergency === undefined ? MEANING[status] : `${MEANING[status]}; emergency`,
  ];
}

/** Of a request that was answered in part: how many of how many. */
function recordsOf({ status, records, entries }: Access): string {
  const asked = new Set(
    entries.flatMap(({ entry }) => entry.records.map(({ recordId, version }) => `${recordId}/${version}`)),
  );
  const isRelease = status === 'proved' || status === 'recorded' || status === 'incomplete';
  return isRelease && records.length < asked.size ? `${records.length} of ${asked.size}` : String(asked.size);
}

function verdict({ ok, log }: OfflineReport): string {
  if (!ok) return 'NOT verified.';
  return `Verified: ${log?.accesses.length ?? 0} accesses; every entry is under a checkpoint of the chain or signed, and none is missing.`;
}
