import { labelled, labelledHash, uint64, utf8 } from '@healthchain/core';
import type { BlockHeader, RawBlock } from './block.ts';

/** A signature of one authority, known by its consenter id. */
export interface Attestation {
  readonly authority: number;
  readonly signature: Uint8Array;
}

/** What exactly is acknowledged and signed: one block, with one metadata value, at one turn of one height. */
export interface ProposalId {
  readonly height: number;
  readonly turn: number;
  readonly headerHash: Uint8Array;
  /** SHA-256 of the OrdererBlockMetadata message that the final signatures cover too. */
  readonly valueHash: Uint8Array;
}

/** A block that an authority has signed, with the quorum of acknowledgements that allowed it to. */
export interface SignedAt {
  readonly turn: number;
  readonly headerHash: Uint8Array;
  readonly valueHash: Uint8Array;
  readonly acknowledgements: readonly Attestation[];
}

/** A promise of `voter` to sign nothing at this height up to and including `turn`, with the block it last signed there. */
export interface Vote {
  readonly height: number;
  readonly turn: number;
  readonly voter: number;
  readonly last: SignedAt | undefined;
  readonly signature: Uint8Array;
}

/** A quorum of votes of distinct authorities for one turn: allows a proposal at the next one. */
export interface Certificate {
  readonly height: number;
  readonly turn: number;
  readonly votes: readonly Vote[];
}

/** A block as proposed: no final signatures yet. `value` is its OrdererBlockMetadata. */
export interface Proposal extends ProposalId {
  readonly block: RawBlock;
  readonly value: Uint8Array;
  readonly certificate: Certificate | undefined;
}

export interface FinalSignature extends Attestation {
  readonly identifierHeader: Uint8Array;
}

/** A block that is final: `signatures` are a quorum, the proposer's among them. */
export interface FinalBlock extends Proposal {
  readonly signatures: readonly FinalSignature[];
}

export type Message =
  | { readonly kind: 'proposal'; readonly proposal: Proposal; readonly acknowledgement: Uint8Array }
  | { readonly kind: 'acknowledgement'; readonly id: ProposalId; readonly signature: Uint8Array }
  | {
      readonly kind: 'signature';
      readonly id: ProposalId;
      /** What was signed, together with the identifier header. */
      readonly header: BlockHeader;
      readonly value: Uint8Array;
      readonly identifierHeader: Uint8Array;
      readonly signature: Uint8Array;
    }
  /** `block` is the one named by `vote.last`, so that whoever proposes next has it. */
  | { readonly kind: 'vote'; readonly vote: Vote; readonly block: RawBlock | undefined }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  /** The sender's next block number. */
  | { readonly kind: 'height'; readonly height: number };

export function proposalKey(id: ProposalId): string {
  return `${id.turn}:${hex(id.headerHash)}:${hex(id.valueHash)}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** The bytes that an acknowledgement signs. */
export function acknowledgementBytes(channel: string, id: ProposalId): Uint8Array {
  return labelled(
    'ordering/acknowledgement',
    utf8(channel),
    uint64(id.height),
    uint64(id.turn),
    id.headerHash,
    id.valueHash,
  );
}

/** The bytes that a vote signs. */
export function voteBytes(channel: string, vote: Omit<Vote, 'signature'>): Uint8Array {
  const { last } = vote;
  const carried = last === undefined ? [] : [uint64(last.turn), last.headerHash, last.valueHash];
  return labelled('ordering/pass-over', utf8(channel), uint64(vote.height), uint64(vote.turn), ...carried);
}

/** A nonce for the identifier header that repeats with the proposal, so that signing twice adds nothing. */
export function signatureNonce(id: ProposalId, authority: number): Uint8Array {
  return labelledHash('ordering/nonce', uint64(authority), utf8(proposalKey(id))).subarray(0, 24);
}
