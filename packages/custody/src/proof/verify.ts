import { toHex } from '@healthchain/core';
import type { Checkpoint } from '../log/checkpoint.ts';
import { entryLeafHash, entryMessage, parseEntry, type SignedEntry } from '../log/format.ts';
import { checkLog, type CheckedLog, type ReadEntry } from './check-log.ts';
import type { Finding } from './findings.ts';
import type { CustodianLog, ProofBundle } from './format.ts';
import { isRelease, uniteAccesses, type Access } from './unite.ts';

/** What the verifier takes from blocks that it verified itself; nothing of the bundle's exporter. */
export interface LedgerFacts {
  /** MSP ids of all custodians of the channel's epochs, each of which must have a log. */
  readonly custodians: readonly string[];
  /** k of an epoch; undefined when the ledger has no such epoch. */
  thresholdOf(epoch: number): number | undefined;
  /** The checkpoint of exactly this size in a VALID transaction of that custodian. */
  checkpointFromLedger(custodian: string, size: number): Checkpoint | undefined;
  latestCheckpoint(custodian: string): Checkpoint | undefined;
  /** Block of the VALID transaction that opened the emergency. */
  emergencyHeight(transactionId: string): number | undefined;
  /** By the key of the custodian's server certificate. Left out, signatures are not checked. */
  verifyEntrySignature?(custodian: string, message: Uint8Array, signature: string): boolean;
}

export interface AccessLogReport {
  /** No breach was found. Notices may remain. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** In order of time. */
  readonly accesses: readonly Access[];
  readonly logs: readonly {
    readonly custodian: string;
    readonly entries: number;
    readonly provenSize: number;
  }[];
}

/**
 * What a patient checks, offline: every entry is in the logs whose checkpoints the ledger holds, none is missing, and the
 * custodians' logs agree. Pure: reads nothing but its arguments, and never throws for a bundle that `parseProofBundle` accepts.
 *
 * @param kept entries that a reader got with its answers: each must be in the log
 */
export function verifyAccessLog(
  bundle: ProofBundle,
  ledger: LedgerFacts,
  kept: readonly SignedEntry[] = [],
): AccessLogReport {
  const logs = bundle.custodians.map((log) => checkLog(bundle, log, trustFor(log, ledger)));
  const united = uniteAccesses(logs, (epoch) => ledger.thresholdOf(epoch));
  const own = [
    ...checkPresence(bundle, ledger),
    ...logs.flatMap(({ findings }) => findings),
    ...logs.flatMap((log) => checkSignatures(log, ledger)),
    ...logs.flatMap((log) => checkEmergencies(log, ledger)),
    ...checkKept(logs, kept),
    ...united.findings,
  ];
  const findings = own.map((finding) => nameRemoved(finding, united.accesses));
  return {
    ok: findings.every(({ severity }) => severity !== 'breach'),
    findings,
    accesses: united.accesses,
    logs: logs.map(({ custodian, entries, provenSize }) => ({
      custodian,
      entries: entries.length,
      provenSize,
    })),
  };
}

function trustFor(
  { custodian, checkpoint }: CustodianLog,
  ledger: LedgerFacts,
): Parameters<typeof checkLog>[2] {
  return {
    onLedger: checkpoint === null ? undefined : ledger.checkpointFromLedger(custodian, checkpoint.size),
    latest: ledger.latestCheckpoint(custodian),
  };
}

function checkPresence(bundle: ProofBundle, ledger: LedgerFacts): Finding[] {
  const present = bundle.custodians.map(({ custodian }) => custodian);
  const finding = (code: Finding['code'], custodian: string, message: string): Finding => ({
    severity: 'breach',
    code,
    custodian,
    message: `${custodian}: ${message}`,
  });
  return [
    ...ledger.custodians
      .filter((custodian) => !present.includes(custodian))
      .map((custodian) => finding('MISSING_CUSTODIAN', custodian, 'the export has no log of this custodian')),
    ...present
      .filter((custodian, i) => present.indexOf(custodian) !== i)
      .map((custodian) =>
        finding('REPEATED_CUSTODIAN', custodian, 'the export has two logs of this custodian'),
      ),
    ...present
      .filter((custodian) => !ledger.custodians.includes(custodian))
      .map((custodian) => finding('UNKNOWN_CUSTODIAN', custodian, 'the ledger knows no such custodian')),
  ];
}

function checkSignatures({ custodian, entries }: CheckedLog, ledger: LedgerFacts): Finding[] {
  const isSigned = ({ leaf, signed }: ReadEntry): boolean =>
    ledger.verifyEntrySignature?.(custodian, entryMessage(leaf), signed.signature) ?? true;
  return entries
    .filter((read) => !isSigned(read))
    .map(({ entry }) => breach('BAD_SIGNATURE', custodian, entry.number, 'is not signed by the custodian'));
}

/** An emergency's transaction precedes every release under it. */
function checkEmergencies({ custodian, entries }: CheckedLog, ledger: LedgerFacts): Finding[] {
  return entries
    .filter(({ entry }) => isRelease(entry) && entry.emergency !== undefined)
    .filter(({ entry }) => {
      const opened = ledger.emergencyHeight(entry.emergency ?? '');
      return opened === undefined || entry.height === undefined || entry.height < opened;
    })
    .map(({ entry }) =>
      breach(
        'EMERGENCY_NOT_BEFORE',
        custodian,
        entry.number,
        'was released before its emergency was on the ledger',
      ),
    );
}

function checkKept(logs: readonly CheckedLog[], kept: readonly SignedEntry[]): Finding[] {
  const shown = new Set(logs.flatMap(({ entries }) => entries.map(({ leaf }) => toHex(leaf))));
  return kept
    .filter((signed) => !shown.has(toHex(entryLeafHash(signed))))
    .map((signed) => {
      const { custodian, number, requestId } = parseEntry(signed.text);
      return {
        ...breach('KEPT_ENTRY_ABSENT', custodian, number, 'was signed for its reader, and is absent'),
        requestId,
      };
    });
}

function breach(code: Finding['code'], custodian: string, number: number, message: string): Finding {
  return { severity: 'breach', code, custodian, number, message: `${custodian}: entry ${number} ${message}` };
}

/** Clocks of organisations differ by no more than this (ledger.md section 5). */
const CLOCK_DIFFERENCE_MS = 30_000;

/** What a missing entry was about, where the other custodians' logs tell of an access that this one should have logged too. */
function nameRemoved(finding: Finding, accesses: readonly Access[]): Finding {
  if (finding.code !== 'ENTRY_REMOVED') return finding;
  const possible = accesses.filter((access) => loggedByOthersOnly(access, finding).length > 0);
  const named = MOST_TELLING.map((isTelling) => possible.filter(isTelling)).find(({ length }) => length > 0);
  if (named === undefined) return finding;
  const told = named.map((access) => {
    const { requestId, subject, time } = access;
    const others = loggedByOthersOnly(access, finding);
    const by = [...new Set(others.map(({ custodian }) => custodian))].join(', ');
    const kinds = [...new Set(others.map(({ entry }) => entry.kind))].join(', ');
    return `${kinds}: request ${requestId} of ${subject.userId ?? subject.mspId} (${subject.mspId}) at ${time}, logged by ${by}`;
  });
  const requestId = named.length === 1 ? { requestId: named[0]?.requestId ?? '' } : {};
  return {
    ...finding,
    ...requestId,
    message: `${finding.message}; by the other logs it may be ${told.join(' or ')}`,
  };
}

/** A release that lacks a custodian's share says more than a refusal, and that more than what k others logged anyway. */
const MOST_TELLING: readonly ((access: Access) => boolean)[] = [
  ({ status }) => status === 'incomplete',
  ({ status }) => status === 'refused',
  () => true,
];

/** Entries of other custodians at the time of the gap, of a kind that this one's log does not have under the same request. */
function loggedByOthersOnly({ entries }: Access, { custodian, between }: Finding): Access['entries'] {
  const after = between?.after === undefined ? -Infinity : Date.parse(between.after) - CLOCK_DIFFERENCE_MS;
  const before = between?.before === undefined ? Infinity : Date.parse(between.before) + CLOCK_DIFFERENCE_MS;
  const own = new Set(entries.filter((each) => each.custodian === custodian).map(({ entry }) => entry.kind));
  return entries.filter(({ custodian: other, entry }) => {
    const at = Date.parse(entry.time);
    return other !== custodian && !own.has(entry.kind) && at >= after && at <= before;
  });
}
