import {
  signatureNonce,
  voteBytes,
  type FinalSignature,
  type Proposal,
  type Vote,
} from '../ordering/messages.ts';
import { encodeIdentifierHeader, finalSignatureBytes } from '../ordering/turn-metadata.ts';
import type { Environment } from './environment.ts';

type Signer = Pick<Environment, 'sign' | 'council'>;

/** `named`: whom the identifier header names, which only a liar gives another number. */
export function signBlock(
  { sign }: Signer,
  authority: number,
  proposal: Pick<Proposal, 'height' | 'turn' | 'headerHash' | 'valueHash' | 'value' | 'block'>,
  named = authority,
): Omit<FinalSignature, 'authority'> {
  const identifierHeader = encodeIdentifierHeader(named, signatureNonce(proposal, authority));
  const bytes = finalSignatureBytes(proposal.value, identifierHeader, proposal.block.header);
  return { identifierHeader, signature: sign(authority, bytes) };
}

export function signVote({ sign, council }: Signer, vote: Omit<Vote, 'signature'>): Vote {
  return { ...vote, signature: sign(vote.voter, voteBytes(council.channel, vote)) };
}
