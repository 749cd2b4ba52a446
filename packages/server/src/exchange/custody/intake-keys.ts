import type { HealthClient } from '@healthchain/contracts';
import { toBase64url } from '@healthchain/core';
import type { Custodian } from '@healthchain/custody';
import type { LedgerFacts } from '../facts/facts.ts';

/** Blocks that a write may still take from its proposal to its commit after a key began to close. */
const CLOSING_MARGIN = 20;

export interface IntakeOptions {
  readonly channel: string;
  readonly mspId: string;
  readonly custodian: Custodian;
  /** Submits as the server. */
  readonly client: HealthClient;
  readonly facts: LedgerFacts;
}

/**
 * One pass of the life of intake keys (custody.md section 3): a key is open whenever the organisation is a custodian, and the ledger
 * learns that a closing key's private half is destroyed. Safe to repeat after any failure.
 */
export async function tendIntakeKeys(options: IntakeOptions): Promise<void> {
  const { custodian, client } = options;
  const onLedger = ledgerKeys(options);
  if (isCustodian(options) && !onLedger.some(({ state }) => state === 'open')) await openIntakeKey(options);
  const held = new Set(custodian.intakeKeys().map(({ keyId }) => keyId));
  for (const key of onLedger) {
    if (key.state === 'closing' && !held.has(key.keyId)) {
      await client.custody.closeIntakeKey({ state: 'closed', keyId: key.keyId });
    }
  }
}

/** Opens the next key, then lets the others close at a height that writes in flight can still reach. */
export async function rotateIntakeKey(options: IntakeOptions): Promise<void> {
  const before = ledgerKeys(options).filter(({ state }) => state === 'open');
  await openIntakeKey(options);
  const height = (options.custodian.ingested?.height ?? 0) + CLOSING_MARGIN;
  for (const { keyId } of before)
    await options.client.custody.closeIntakeKey({ state: 'closing', keyId, height });
}

/** A crash in between leaves a private key that the ledger never names and nothing is ever sealed to. */
async function openIntakeKey({ custodian, client }: IntakeOptions): Promise<void> {
  const { keyId, publicKey } = custodian.createIntakeKey();
  await client.custody.openIntakeKey({ keyId, publicKey: toBase64url(publicKey), suite: 1 });
}

function isCustodian({ facts, channel, mspId }: IntakeOptions): boolean {
  const circle = facts.row(channel, 'circle', '')?.row;
  return circle?.epoch?.custodians.some((custodian) => custodian.mspId === mspId) ?? false;
}

function ledgerKeys({ facts, channel, mspId }: IntakeOptions) {
  return facts
    .rows(channel, 'intakeKey')
    .map(({ row }) => row)
    .filter((row) => row.mspId === mspId);
}
