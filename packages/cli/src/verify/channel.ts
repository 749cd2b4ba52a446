import { CodedError, equalBytes } from '@healthchain/core';
import { decodeBlock } from '@healthchain/ledger';
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

/** Verifies the copies of one channel, each by itself and then against each other. */
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
      const compared = copy === undefined ? [] : await compare(peer, copy, opened);
      for (const line of verified?.notChecked ?? []) notChecked.add(line);
      reports.push({
        peer: peer.id,
        channel: check.channel,
        state: peer.state,
        height: copy?.height ?? 0,
        transactions: verified?.transactions ?? 0,
        findings: [...findings, ...(verified?.findings ?? []), ...compared],
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

/** A running peer has what the others have; two copies have the same block at one height. A stopped peer may be behind. */
async function compare(
  peer: Peer,
  copy: LedgerCopy,
  opened: readonly OpenedCopy[],
): Promise<LedgerFinding[]> {
  const findings: LedgerFinding[] = [];
  const highest = Math.max(...opened.map((other) => other.copy?.height ?? 0));
  if (peer.state === 'running' && copy.height < highest - IN_FLIGHT_BLOCKS) {
    findings.push({ problem: `it is behind: ${copy.height} of ${highest} blocks` });
  }
  const [first] = opened.flatMap((other) => other.copy ?? []);
  if (first === undefined || first === copy) return findings;
  const common = Math.min(first.height, copy.height) - 1;
  const [mine, theirs] = await Promise.all([headerHash(copy, common), headerHash(first, common)]);
  if (mine !== undefined && theirs !== undefined && !equalBytes(mine, theirs)) {
    findings.push({
      block: common,
      problem: `it is another block than that of ${first.peer}: the chain is forked`,
    });
  }
  return findings;
}

/** Undefined for a damaged block, which has been named. */
async function headerHash(copy: LedgerCopy, number: number): Promise<Uint8Array | undefined> {
  try {
    return decodeBlock(await copy.block(number)).headerHash;
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}
