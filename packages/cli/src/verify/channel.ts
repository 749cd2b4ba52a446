import { CodedError } from '@healthchain/core';
import { runningCopy, storedCopy, type LedgerCopy } from './copies.ts';
import { verifyCopy, type CopyCheck } from './ledger.ts';
import type { CopyReport, LedgerFinding } from './report.ts';

/** What may be committed between the snapshots of two peers. */
const IN_FLIGHT_BLOCKS = 100;

export interface Peer {
  /** 'peer0.north' */
  readonly id: string;
  readonly channels: readonly string[];
  /** `running`, `paused`, `stopped` or `failed`, and why it failed. */
  readonly state: string;
  readonly reason?: string;
}

export interface ChannelCheck extends Pick<CopyCheck, 'genesisHash' | 'onRow' | 'onProgress'> {
  readonly data: string;
  readonly channel: string;
}

/** A peer's copy, or why there is none to be read. */
interface OpenedCopy {
  readonly peer: Peer;
  readonly copy: LedgerCopy | undefined;
  readonly findings: readonly LedgerFinding[];
}

/** Verifies the copies of one channel, each by itself and against the others. */
export async function verifyChannel(
  check: ChannelCheck,
  peers: readonly Peer[],
): Promise<{ readonly reports: CopyReport[]; readonly notChecked: ReadonlySet<string> }> {
  const opened: OpenedCopy[] = [];
  const notChecked = new Set<string>();
  const reports: CopyReport[] = [];
  try {
    for (const peer of peers) opened.push(await open(check, peer));
    const copies = opened.flatMap(({ copy }) => copy ?? []);
    for (const { peer, copy, findings } of opened) {
      const others = copies.filter((other) => other !== copy);
      const verified = copy && (await verifyCopy(copy, { ...check, others }));
      const behind = copy === undefined ? [] : findBehind(peer, copy, copies);
      for (const line of verified?.notChecked ?? []) notChecked.add(line);
      for (const line of copy === undefined ? [] : unknownTail(peer, copy, copies)) notChecked.add(line);
      reports.push({
        peer: peer.id,
        channel: check.channel,
        state: peer.state,
        height: copy?.height ?? 0,
        transactions: verified?.transactions ?? 0,
        findings: [...findings, ...(verified?.findings ?? []), ...behind],
      });
    }
  } finally {
    for (const { copy } of opened) await copy?.close();
  }
  return { reports, notChecked };
}

async function open({ data, channel }: ChannelCheck, peer: Peer): Promise<OpenedCopy> {
  const place = { peer: peer.id, channel };
  const isRunning = peer.state === 'running' || peer.state === 'paused';
  const failed = peer.state === 'failed' ? [{ problem: `the peer does not run: ${peer.reason ?? ''}` }] : [];
  try {
    const copy = await (isRunning ? runningCopy(data, place) : storedCopy(data, place));
    return { peer, copy, findings: failed };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { peer, copy: undefined, findings: [...failed, { problem: error.message }] };
  }
}

/** A running peer has what the others have. */
function findBehind(peer: Peer, { height }: LedgerCopy, copies: readonly LedgerCopy[]): LedgerFinding[] {
  const highest = highestOf(copies);
  if (peer.state !== 'running' || height >= highest - IN_FLIGHT_BLOCKS) return [];
  return [{ problem: `it is behind: ${height} of ${highest} blocks` }];
}

/** A peer that does not run may have been stopped before the others, or have lost its tail: its files do not tell. */
function unknownTail(peer: Peer, { height }: LedgerCopy, copies: readonly LedgerCopy[]): string[] {
  const highest = highestOf(copies);
  if (peer.state === 'running' || height >= highest) return [];
  return [`whether ${peer.id}, which has ${height} of ${highest} blocks and does not run, ever had more`];
}

function highestOf(copies: readonly LedgerCopy[]): number {
  return Math.max(0, ...copies.map(({ height }) => height));
}
