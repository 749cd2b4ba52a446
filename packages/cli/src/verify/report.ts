import type { Finding } from '@healthchain/ledger';
import { table } from '../output.ts';

/** Findings of one copy that are shown to people. */
const SHOWN_FINDINGS = 10;

/** One thing that is not as it has to be, and where. */
export interface LedgerFinding {
  /** Of what the chain itself shows; damage of files and a peer that is behind have none. */
  readonly code?: Finding['code'];
  readonly block?: number;
  readonly transaction?: number;
  readonly key?: { readonly namespace: string; readonly key: string };
  readonly problem: string;
}

/** One peer's copy of one channel. */
export interface CopyReport {
  readonly peer: string;
  readonly channel: string;
  /** Of the peer: `running`, `paused`, `stopped`, `failed`. */
  readonly state: string;
  readonly height: number;
  readonly transactions: number;
  readonly findings: readonly LedgerFinding[];
}

export interface AccessLogReport {
  readonly custodian: string;
  readonly channel: string;
  readonly entries: number;
  /** Entries under the custodian's last checkpoint on the ledger. */
  readonly checkpointed: number;
  /** `sequence` is the entry's place in the log. */
  readonly findings: readonly { readonly sequence: number; readonly code: string }[];
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly copies: readonly CopyReport[];
  readonly accessLogs: readonly AccessLogReport[];
  /** What blocks alone cannot tell. */
  readonly notChecked: readonly string[];
}

export function reportOf(
  copies: readonly CopyReport[],
  accessLogs: readonly AccessLogReport[],
  notChecked: readonly string[],
): VerifyReport {
  const ok = [...copies, ...accessLogs].every(({ findings }) => findings.length === 0);
  return { ok, copies, accessLogs, notChecked };
}

export function ledgerFinding({ code, block, transaction, key, problem }: Finding): LedgerFinding {
  return {
    code,
    block: Number(block),
    ...(transaction === undefined ? {} : { transaction }),
    ...(key === undefined ? {} : { key }),
    problem,
  };
}

export function reportLines(report: VerifyReport): string[] {
  const { copies, accessLogs, notChecked } = report;
  return [
    ...table([
      ['PEER', 'CHANNEL', 'STATE', 'BLOCKS', 'TRANSACTIONS', 'RESULT'],
      ...copies.map(({ peer, channel, state, height, transactions, findings }) => [
        peer,
        channel,
        state,
        String(height),
        String(transactions),
        resultOf(findings),
      ]),
    ]),
    '',
    ...table([
      ['CUSTODIAN', 'CHANNEL', 'ENTRIES', 'CHECKPOINTED', 'RESULT'],
      ...accessLogs.map(({ custodian, channel, entries, checkpointed, findings }) => [
        custodian,
        channel,
        String(entries),
        String(checkpointed),
        resultOf(findings),
      ]),
    ]),
    ...copies.flatMap(copyFindings),
    ...accessLogs.flatMap(({ custodian, channel, findings }) =>
      findings.map(({ sequence, code }) => `${custodian} ${channel}: entry ${sequence}: ${code}`),
    ),
    '',
    'Not to be seen in blocks:',
    ...notChecked.map((line) => `  ${line}`),
  ];
}

function copyFindings({ peer, channel, findings }: CopyReport): string[] {
  const shown = findings.slice(0, SHOWN_FINDINGS);
  const rest = findings.length - shown.length;
  const lines = shown.map(({ block, transaction, key, problem }) => {
    const place = [
      ...(block === undefined ? [] : [`block ${block}`]),
      ...(transaction === undefined ? [] : [`transaction ${transaction}`]),
      ...(key === undefined ? [] : [`key ${JSON.stringify(key.key)} of ${key.namespace}`]),
    ];
    return [`${peer} ${channel}`, ...place, problem].join(': ');
  });
  return rest === 0 ? lines : [...lines, `${peer} ${channel}: and ${rest} more (--json lists them)`];
}

function resultOf(findings: readonly unknown[]): string {
  return findings.length === 0 ? 'ok' : `${findings.length} found`;
}
