import { fromBase64url, fromHex, intakeKeyId, isIntakeKey, verifyConsistency } from '@healthchain/core';
import { ContractError } from '../errors.ts';
import type { custodyFunctions } from '../functions/custody.ts';
import { circleOf } from '../gate/standing.ts';
import type { ParsedArgumentOf } from '../registry.ts';
import type { CheckpointRow, CircleRow, IntakeKeyRow } from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';
import { emergencyRules } from './emergencies.ts';
import { epochRules } from './epochs.ts';
import type { RulesOf } from './rule.ts';

/** Intake keys of one custodian that are not closed: two overlap. */
const MAX_INTAKE_KEYS = 2;

export const custodyRules: RulesOf<keyof typeof custodyFunctions> = {
  ...epochRules,
  ...emergencyRules,

  'custody:OpenIntakeKey': async (tx, { keyId, publicKey, suite }) => {
    const { mspId } = tx.caller;
    assertUsable(tx, keyId, fromBase64url(publicKey));
    const keys = await tx.scan(tables.intakeKey, [mspId]);
    if (keys.some((key) => key.keyId === keyId)) {
      throw new ContractError('INTAKE_KEY_EXISTS', 'the key id is taken');
    }
    if (keys.filter((key) => key.state !== 'closed').length >= MAX_INTAKE_KEYS) {
      throw new ContractError('TOO_MANY_INTAKE_KEYS', `close one first: ${MAX_INTAKE_KEYS} are not closed`);
    }
    const opened = { mspId, keyId, publicKey, suite, state: 'open', openedAt: tx.at, at: tx.at } as const;
    const circle = await circleOf(tx);
    tx.put(tables.circle, [], { ...circle, intakeKeys: [...circle.intakeKeys, { mspId, keyId }] });
    return putIntakeKey(tx, opened);
  },

  'custody:CloseIntakeKey': async (tx, argument) => {
    const { mspId } = tx.caller;
    const key = await tx.get(tables.intakeKey, [mspId, argument.keyId]);
    if (key === undefined) throw new ContractError('INTAKE_KEY_UNKNOWN', 'there is no such key');
    if (argument.state === 'closed') {
      assertState(key, 'closing');
      return putIntakeKey(tx, { ...key, state: 'closed', at: tx.at });
    }
    assertState(key, 'open');
    const circle = withoutKey(await circleOf(tx), key);
    assertStillSealable(circle, mspId);
    tx.put(tables.circle, [], circle);
    return putIntakeKey(tx, { ...key, state: 'closing', closingHeight: argument.height, at: tx.at });
  },

  'custody:GetIntakeKeys': async (tx, { mspId }) => {
    if (mspId !== undefined) return { keys: await tx.scan(tables.intakeKey, [mspId]) };
    const { intakeKeys } = await circleOf(tx);
    const keys = await Promise.all(intakeKeys.map((key) => tx.get(tables.intakeKey, [key.mspId, key.keyId])));
    return { keys: keys.filter((key) => key !== undefined) };
  },

  'custody:Checkpoint': async (tx, argument) => {
    const { mspId } = tx.caller;
    const last = await tx.get(tables.checkpointHead, [mspId]);
    assertExtends(last, argument);
    const { size, root, mapRoot } = argument;
    const row: CheckpointRow = { mspId, size, root, mapRoot, at: tx.at, transactionId: tx.id };
    tx.put(tables.checkpointHead, [mspId], row);
    tx.put(tables.checkpoint, [mspId, size], row);
    tx.emit('CheckpointWritten', { mspId, size, root });
    return row;
  },

  'custody:GetCheckpoint': async (tx, { mspId, size }) => {
    const row = await (size === undefined
      ? tx.get(tables.checkpointHead, [mspId])
      : tx.get(tables.checkpoint, [mspId, size]));
    if (row === undefined) throw new ContractError('CHECKPOINT_UNKNOWN', 'there is no such checkpoint');
    return row;
  },
};

/** The log grows, and everything that the last checkpoint covered is in it unchanged. The first one extends nothing. */
function assertExtends(
  last: CheckpointRow | undefined,
  argument: ParsedArgumentOf<'custody:Checkpoint'>,
): void {
  const { size, root, consistency } = argument;
  const isExtension =
    last === undefined
      ? consistency.length === 0
      : size > last.size &&
        verifyConsistency({
          oldSize: last.size,
          oldRoot: fromHex(last.root),
          size,
          root: fromHex(root),
          proof: consistency.map(fromHex),
        });
  if (!isExtension) {
    throw new ContractError('CHECKPOINT_NOT_CONSISTENT', 'the log does not extend its last checkpoint');
  }
}

/** A key that nobody can seal to would stop the writes of everybody. */
function assertUsable(tx: Tx, keyId: string, publicKey: Uint8Array): void {
  if (!isIntakeKey(publicKey) || keyId !== intakeKeyId(tx.channel, tx.caller.mspId, publicKey)) {
    throw new ContractError('INTAKE_KEY_NOT_POSSIBLE', 'it is no X-Wing key, or the id is not its own');
  }
}

/** So would a custodian without a key. */
function assertStillSealable({ epoch, intakeKeys }: CircleRow, mspId: string): void {
  const isCustodian = epoch?.custodians.some((custodian) => custodian.mspId === mspId) ?? false;
  if (isCustodian && !intakeKeys.some((key) => key.mspId === mspId)) {
    throw new ContractError('LAST_INTAKE_KEY', 'a custodian opens another key before it closes its last one');
  }
}

function putIntakeKey(tx: Tx, row: IntakeKeyRow): IntakeKeyRow {
  tx.put(tables.intakeKey, [row.mspId, row.keyId], row);
  tx.emit('IntakeKeyChanged', { mspId: row.mspId, keyId: row.keyId, state: row.state });
  return row;
}

function assertState(key: IntakeKeyRow, state: IntakeKeyRow['state']): void {
  if (key.state !== state)
    throw new ContractError('INTAKE_KEY_STATE', `the key is ${key.state}, not ${state}`);
}

function withoutKey(circle: CircleRow, key: IntakeKeyRow): CircleRow {
  return {
    ...circle,
    intakeKeys: circle.intakeKeys.filter((open) => open.mspId !== key.mspId || open.keyId !== key.keyId),
  };
}
