import { equalBytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import {
  acknowledgementBytes,
  voteBytes,
  type Certificate,
  type FinalBlock,
  type Proposal,
  type SignedAt,
  type Vote,
} from './messages.ts';
import { quorumOf, toleratedFaults } from './quorum.ts';
import type { Schedule } from './schedule.ts';
import { finalSignatureBytes } from './turn-metadata.ts';

/** The authorities of a channel at one configuration, and who proposes when. */
export interface Council {
  readonly channel: string;
  /** Consenter ids. */
  readonly authorities: readonly number[];
  readonly schedule: Schedule;
  /** False for who is none, and for one whose certificate the configuration does not bear out: nobody believes it. */
  mayTakePart(authority: number): boolean;
}

/** One signature of an authority that somebody has to check. */
export interface SignatureClaim {
  readonly authority: number;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * The block that a certificate obliges the next proposer to propose again: of the blocks carried, the one of the highest
 * turn. Acknowledgements make it the only one of its turn (`mayBeSigned`).
 */
export function carriedBlock(certificate: Certificate): SignedAt | undefined {
  let carried: SignedAt | undefined;
  for (const { last } of certificate.votes) {
    if (last !== undefined && (carried === undefined || last.turn > carried.turn)) carried = last;
  }
  return carried;
}

/** Whether a proposal may stand at its turn: certificate, quorum and the block that must be repeated; no signature is checked. */
export function isProposalAllowed(council: Council, proposal: Proposal): boolean {
  if (proposal.turn === 0) return proposal.certificate === undefined;
  const { certificate } = proposal;
  if (certificate === undefined || !isCertificate(council, certificate)) return false;
  if (certificate.height !== proposal.height || certificate.turn !== proposal.turn - 1) return false;
  const carried = carriedBlock(certificate);
  return carried === undefined || equalBytes(carried.headerHash, proposal.headerHash);
}

/** A quorum of distinct authorities, each carrying only what it was allowed to sign. */
export function isCertificate(council: Council, certificate: Certificate): boolean {
  const voters = new Set(certificate.votes.map((vote) => vote.voter));
  return (
    voters.size === certificate.votes.length &&
    voters.size >= quorumOf(council.authorities.length) &&
    certificate.votes.every(
      (vote) => vote.height === certificate.height && vote.turn === certificate.turn && isVote(council, vote),
    )
  );
}

/** Of an authority, carrying only what it was allowed to sign; anything else would spoil a certificate. */
export function isVote(council: Council, { voter, height, turn, last }: Vote): boolean {
  if (!council.authorities.includes(voter)) return false;
  return last === undefined || (last.turn <= turn && isAcknowledged(council, height, last));
}

function isAcknowledged(council: Council, height: number, signed: SignedAt): boolean {
  const authorities = new Set(signed.acknowledgements.map((attestation) => attestation.authority));
  return (
    authorities.size === signed.acknowledgements.length &&
    [...authorities].every((authority) => council.authorities.includes(authority)) &&
    mayBeSigned(council, height, signed.turn, authorities)
  );
}

/** Whether a block may be signed only when a quorum has acknowledged it. */
export function hasTwoPhases({ authorities }: Council): boolean {
  return toleratedFaults(authorities.length) > 0;
}

/**
 * Whether these acknowledgements of a block allow to sign it: in two phases those of a quorum, of which another block of the
 * same turn never gets as many, whoever lies. Councils that withstand no lie do with the proposer's own.
 */
export function mayBeSigned(
  council: Council,
  height: number,
  turn: number,
  acknowledged: Pick<ReadonlySet<number>, 'has' | 'size'>,
): boolean {
  const { authorities, schedule } = council;
  if (hasTwoPhases(council)) return acknowledged.size >= quorumOf(authorities.length);
  return acknowledged.has(schedule.proposer(authorities, height, turn));
}

/** Every signature inside a certificate. */
export function certificateClaims(council: Council, certificate: Certificate): SignatureClaim[] {
  return certificate.votes.flatMap((vote) => [
    { authority: vote.voter, message: voteBytes(council.channel, vote), signature: vote.signature },
    ...(vote.last === undefined ? [] : signedAtClaims(council, certificate.height, vote.last)),
  ]);
}

export function signedAtClaims(council: Council, height: number, signed: SignedAt): SignatureClaim[] {
  const { turn, headerHash, valueHash } = signed;
  const message = acknowledgementBytes(council.channel, { height, turn, headerHash, valueHash });
  return signed.acknowledgements.map(({ authority, signature }) => ({ authority, message, signature }));
}

/**
 * Checks all of a final block's ordering but the signatures themselves, and says which of them have to hold: every one of
 * `certificate`, and of `signatures` a quorum with the proposer's among it.
 * @throws LedgerError BAD_BLOCK
 */
export function finalityClaims(
  council: Council,
  final: FinalBlock,
): {
  readonly proposer: number;
  readonly quorum: number;
  readonly signatures: SignatureClaim[];
  readonly certificate: SignatureClaim[];
} {
  const number = Number(final.block.header.number);
  if (final.height !== number) throw bad(number, `its ordering metadata is of height ${final.height}`);
  if (!isProposalAllowed(council, final))
    throw bad(number, `turn ${final.turn} is not allowed by a certificate`);
  const signatures = final.signatures.filter(({ authority }) => council.authorities.includes(authority));
  if (new Set(signatures.map(({ authority }) => authority)).size !== signatures.length) {
    throw bad(number, 'an authority signed twice');
  }
  return {
    proposer: council.schedule.proposer(council.authorities, number, final.turn),
    quorum: quorumOf(council.authorities.length),
    signatures: signatures.map(({ authority, signature, identifierHeader }) => ({
      authority,
      signature,
      message: finalSignatureBytes(final.value, identifierHeader, final.block.header),
    })),
    certificate: final.certificate === undefined ? [] : certificateClaims(council, final.certificate),
  };
}

/** Decides finality from the outcomes of `finalityClaims`. @throws LedgerError BAD_BLOCK */
export function mustBeFinal(
  final: FinalBlock,
  claims: ReturnType<typeof finalityClaims>,
  holds: (claim: SignatureClaim) => boolean,
): void {
  const number = Number(final.block.header.number);
  const signers = new Set(claims.signatures.filter(holds).map((claim) => claim.authority));
  if (!signers.has(claims.proposer))
    throw bad(number, `proposer ${claims.proposer} of turn ${final.turn} did not sign it`);
  if (signers.size < claims.quorum)
    throw bad(number, `${signers.size} of ${claims.quorum} necessary authorities signed it`);
  if (!claims.certificate.every(holds))
    throw bad(number, 'its pass-over certificate holds a signature that does not verify');
}

function bad(number: number, problem: string): LedgerError {
  return new LedgerError('BAD_BLOCK', `Block ${number} is not final: ${problem}`, { details: { number } });
}
