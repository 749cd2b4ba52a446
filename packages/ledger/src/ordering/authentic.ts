import { equalBytes, sha256 } from '@healthchain/core';
import type { Verifier } from '../crypto/index.ts';
import { blockHeaderHash } from '../validation/index.ts';
import type { RawBlock } from './block.ts';
import { dataHashOnce, mustBeWellFormed } from './parsed.ts';
import { checkClaims, type ConsenterCouncil } from './council.ts';
import { certificateClaims, signedAtClaims, type SignatureClaim } from './finality.ts';
import { acknowledgementBytes, voteBytes, type Message, type Vote } from './messages.ts';
import { decodeOrderingValue, finalSignatureBytes, identifiedBy, isAsMade } from './turn-metadata.ts';

/**
 * Whether a message is what its sender says: hashes belong to the blocks, and every signature in it (its own, and those of
 * votes and acknowledgements that it carries) holds. It says nothing about the proposal's content.
 */
export async function isAuthentic(
  council: ConsenterCouncil,
  verifier: Verifier,
  from: number,
  message: Message,
): Promise<boolean> {
  if (message.kind === 'height') return true;
  if (!isConsistent(from, message)) return false;
  const claims = claimsOf(council, from, message);
  const outcomes = await checkClaims(council, verifier, claims);
  return claims.every((claim) => outcomes.get(claim) === true);
}

function claimsOf(council: ConsenterCouncil, from: number, message: Message): SignatureClaim[] {
  if (message.kind === 'proposal') {
    const { proposal, acknowledgement: signature } = message;
    const own = { authority: from, message: acknowledgementBytes(council.channel, proposal), signature };
    const { certificate } = proposal;
    return certificate === undefined ? [own] : [own, ...certificateClaims(council, certificate)];
  }
  if (message.kind === 'acknowledgement') {
    const { id, signature } = message;
    return [{ authority: from, message: acknowledgementBytes(council.channel, id), signature }];
  }
  if (message.kind === 'signature') {
    const { value, header, identifierHeader, signature } = message;
    return [{ authority: from, message: finalSignatureBytes(value, identifierHeader, header), signature }];
  }
  if (message.kind === 'vote') {
    const { vote } = message;
    const own = {
      authority: vote.voter,
      message: voteBytes(council.channel, vote),
      signature: vote.signature,
    };
    return vote.last === undefined ? [own] : [own, ...signedAtClaims(council, vote.height, vote.last)];
  }
  return message.kind === 'certificate' ? certificateClaims(council, message.certificate) : [];
}

/** Hashes, numbers and names that have to agree before a signature means anything. */
function isConsistent(from: number, message: Exclude<Message, { kind: 'height' }>): boolean {
  if (message.kind === 'proposal') {
    const { proposal } = message;
    return isAsMade(proposal) && hasItsData(proposal.block);
  }
  if (message.kind === 'vote') {
    const { vote, block } = message;
    return vote.voter === from && (block === undefined || isCarried(vote, block));
  }
  if (message.kind === 'signature') {
    const { id, header, value, identifierHeader } = message;
    const { turn, height } = decodeOrderingValue(value);
    return (
      turn === id.turn &&
      height === id.height &&
      identifiedBy(identifierHeader) === from &&
      equalBytes(blockHeaderHash(header), id.headerHash) &&
      equalBytes(sha256(value), id.valueHash)
    );
  }
  return true;
}

/** The block is the one that the vote names, with the borders between its transactions where they were. */
function isCarried({ height, last }: Vote, block: RawBlock): boolean {
  return (
    last !== undefined &&
    block.header.number === BigInt(height) &&
    equalBytes(blockHeaderHash(block.header), last.headerHash) &&
    hasItsData(block)
  );
}

/** @throws LedgerError BAD_BLOCK when a transaction is not encoded in the only way that keeps the borders under the hash */
function hasItsData({ header, data }: RawBlock): boolean {
  mustBeWellFormed(header.number, data);
  return equalBytes(dataHashOnce(data), header.dataHash);
}
