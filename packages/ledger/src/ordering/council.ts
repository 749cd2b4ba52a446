import { decodeSchedule, type ChannelConfig, type Consenter } from '../config/index.ts';
import { createVerifier, type Verifier } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import type { Identity } from '../msp/index.ts';
import { serializeIdentity } from '../msp/index.ts';
import { decodeBlock } from './block.ts';
import { finalityClaims, mustBeFinal, type Council, type SignatureClaim } from './finality.ts';
import type { FinalBlock } from './messages.ts';
import { roundRobin, type Schedule } from './schedule.ts';
import { openBlock } from './turn-metadata.ts';

const SCHEDULES: Readonly<Record<string, Schedule>> = { 'round-robin': roundRobin };

/** The authorities that a channel's configuration names, with their keys. */
export interface ConsenterCouncil extends Council {
  /** Undefined for who is none, and for one whose certificate the configuration does not bear out, as when it is revoked. */
  identityOf(authority: number): Identity | undefined;
}

const councils = new WeakMap<ChannelConfig, ConsenterCouncil>();

/** @throws LedgerError BAD_CONFIG when the configuration names an unknown schedule or a consenter without identity */
export function councilOf(config: ChannelConfig): ConsenterCouncil {
  const council = councils.get(config) ?? makeCouncil(config);
  councils.set(config, council);
  return council;
}

function makeCouncil(config: ChannelConfig): ConsenterCouncil {
  const { schedule: name } = decodeSchedule(config);
  const schedule = SCHEDULES[name];
  if (schedule === undefined) throw new LedgerError('BAD_CONFIG', `Unknown ordering schedule ${name}`);
  const identities = new Map(
    config.consenters.map((consenter) => [consenter.id, identityOf(config, consenter)]),
  );
  return {
    channel: config.channelId,
    authorities: [...identities.keys()],
    schedule,
    mayTakePart: (authority) => identities.get(authority) !== undefined,
    identityOf: (authority) => identities.get(authority),
  };
}

/** Checks claims of authorities; false for a claim of somebody who is none. */
export async function checkClaims(
  council: ConsenterCouncil,
  verifier: Verifier,
  claims: readonly SignatureClaim[],
): Promise<ReadonlyMap<SignatureClaim, boolean>> {
  const known = claims.flatMap((claim) => {
    const identity = council.identityOf(claim.authority);
    return identity === undefined ? [] : [{ claim, publicKey: identity.publicKey }];
  });
  const outcomes = await verifier.verifyAll(
    known.map(({ claim, publicKey }) => ({ publicKey, message: claim.message, signature: claim.signature })),
  );
  return new Map(known.map(({ claim }, i) => [claim, outcomes[i] === true]));
}

/** @throws LedgerError BAD_BLOCK when the block is not final under this council */
export async function checkFinality(
  council: ConsenterCouncil,
  verifier: Verifier,
  final: FinalBlock,
): Promise<void> {
  const claims = finalityClaims(council, final);
  const outcomes = await checkClaims(council, verifier, [...claims.signatures, ...claims.certificate]);
  mustBeFinal(final, claims, (claim) => outcomes.get(claim) === true);
}

/**
 * The rules of our own ordering for one block under the configuration before it, for `verifyChain({ ordering })`: schedule,
 * turn, pass-over certificate and final signatures. Block 0 has none. @throws LedgerError BAD_BLOCK, MALFORMED
 */
export async function checkOrdering(config: ChannelConfig, bytes: Uint8Array): Promise<void> {
  const block = decodeBlock(bytes);
  if (block.header.number === 0n) return;
  await checkFinality(councilOf(config), createVerifier(), openBlock(block));
}

function identityOf(config: ChannelConfig, consenter: Consenter): Identity | undefined {
  const identity = config.identities.deserialize(serializeIdentity(consenter.mspId, consenter.identity));
  try {
    config.identities.validate(identity);
    return identity;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'IDENTITY_REFUSED') return undefined;
    throw error;
  }
}
