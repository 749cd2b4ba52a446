import type { RecordLabels } from '@healthchain/core';
import { CustodyError } from '../errors.ts';
import type { Gate, GateDecision, GateItem, Identity } from '../ports.ts';
import type { ReadRequest, RebuildRequest, RecordVersion } from '../request/format.ts';
import type { VaultShare } from '../store/vault.ts';
import type { Decided } from './drafts.ts';

interface Held {
  readonly record: RecordVersion;
  readonly held: VaultShare | undefined;
  /** The labels that decide, of what is held (`Vault.judged`). */
  readonly judged?: RecordLabels;
}

/** The gate's decision about every record, on the labels that decide. What is not held is not released, and says so. */
export async function decideRead(
  request: ReadRequest,
  asker: Identity,
  held: readonly Held[],
  gate: Gate,
): Promise<Decided[]> {
  const known = held.flatMap((item) =>
    item.held === undefined ? [] : [gateItem(item.record, item.held, item.judged)],
  );
  const decisions = known.length === 0 ? [] : await gate.decide(question(request, asker, known));
  if (decisions.length !== known.length) {
    throw new CustodyError('MALFORMED', 'The gate did not decide about every record');
  }
  const remaining = decisions.values();
  return held.map((item) => {
    if (item.held === undefined) return { ...item, permit: false, code: 'MISSING' };
    const { permit, code, basis } = remaining.next().value as GateDecision;
    return { ...item, permit, code, ...(basis === undefined ? {} : { basis }) };
  });
}

/** An organisation's server gets the records of its own organisation's authors, nothing of another (custody.md section 4). */
export function decideRebuild(request: RebuildRequest, held: readonly Held[]): Decided[] {
  return held.map((item) => {
    if (item.held === undefined) return { ...item, permit: false, code: 'MISSING' };
    const permit = item.held.author.mspId === request.server.mspId;
    return { ...item, permit, code: permit ? 'REBUILD' : 'NOT_AUTHOR' };
  });
}

function question(
  request: ReadRequest,
  asker: Identity,
  items: readonly GateItem[],
): Parameters<Gate['decide']>[0] {
  return {
    subject: { mspId: asker.mspId, userId: asker.userId, role: asker.role },
    purpose: request.purpose,
    right: 'read',
    ...(request.emergency === undefined ? {} : { emergency: request.emergency }),
    items,
  };
}

function gateItem(
  { recordId, version }: RecordVersion,
  { persons, author, labels }: VaultShare,
  judged: RecordLabels = labels,
): GateItem {
  return { recordId, version, persons, author, ...judged };
}
