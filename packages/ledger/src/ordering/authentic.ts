import { equalBytes, sha256 } from '@healthchain/core';
import type { Verifier } from '../crypto/index.ts';
import { blockHeaderHash } from '../validation/index.ts';
import type { RawBlock } from './block.ts';
import { dataHashOnce } from './parsed.ts';
import { checkClaims, type ConsenterCouncil } from './council.ts';
import { certificateClaims, signedAtClaims, type SignatureClaim } from './finality.ts';
import { acknowledgementBytes, voteBytes, type Message } from './messages.ts';
import { decodeOrderingValue, finalSignatureBytes } from './turn-metadata.ts';

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

/** Hashes and numbers that have to agree before a signature means anything. */
function isConsistent(from: number, message: Exclude<Message, { kind: 'height' }>): boolean {
  if (message.kind === 'proposal') {
    const { proposal } = message;
    const value = decodeOrderingValue(proposal.value);
    return (
      isBlockOf(proposal.block, proposal.headerHash, proposal.height) &&
      equalBytes(sha256(proposal.value), proposal.valueHash) &&
      value.turn === proposal.turn &&
      value.height === proposal.height
    );
  }
  if (message.kind === 'vote') {
    const { vote, block } = message;
    const carried = vote.last;
    return (
      vote.voter === from &&
      (block === undefined || (carried !== undefined && isBlockOf(block, carried.headerHash, vote.height)))
    );
  }
  if (message.kind === 'signature') {
    return (
      equalBytes(blockHeaderHash(message.header), message.id.headerHash) &&
      equalBytes(sha256(message.value), message.id.valueHash)
    );
  }
  return true;
}

function isBlockOf(block: RawBlock, headerHash: Uint8Array, height: number): boolean {
  return (
    block.header.number === BigInt(height) &&
    equalBytes(blockHeaderHash(block.header), headerHash) &&
    equalBytes(dataHashOnce(block.data), block.header.dataHash)
  );
}
