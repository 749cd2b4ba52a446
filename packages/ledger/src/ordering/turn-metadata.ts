import { equalBytes, sha256 } from '@healthchain/core';
import { blockHeaderBytes, blockHeaderHash } from '../validation/index.ts';
import { fields, WireWriter } from '../wire/index.ts';
import { LedgerError } from '../error.ts';
import { emptyMetadata, MetadataIndex, withMetadata, type BlockHeader, type RawBlock } from './block.ts';
import type {
  Attestation,
  Certificate,
  FinalBlock,
  FinalSignature,
  Proposal,
  SignedAt,
  Vote,
} from './messages.ts';

/**
 * Where ordering writes into a block's metadata, in the form of Fabric's BFT orderers: common.Metadata at SIGNATURES, whose
 * value is an OrdererBlockMetadata; its consenter metadata has SmartBFT's first two fields (view, sequence), which are here
 * turn and height, and the pass-over certificate in a field that SmartBFT does not have.
 */
const CERTIFICATE_FIELD = 100;

export interface OrderingValue {
  readonly lastConfig: number;
  readonly turn: number;
  readonly height: number;
  readonly certificate: Certificate | undefined;
}

function encodeOrderingValue(value: OrderingValue): Uint8Array {
  const consenter = new WireWriter().uint(1, value.turn).uint(2, value.height);
  if (value.certificate !== undefined)
    consenter.present(CERTIFICATE_FIELD, encodeCertificate(value.certificate));
  return new WireWriter()
    .present(1, new WireWriter().uint(1, value.lastConfig).finish())
    .bytes(2, consenter.finish())
    .finish();
}

/** @throws LedgerError MALFORMED */
export function decodeOrderingValue(bytes: Uint8Array): OrderingValue {
  const outer = fields(bytes);
  const consenter = fields(outer.bytes(2));
  const height = consenter.number(2);
  const certificate = consenter.has(CERTIFICATE_FIELD)
    ? decodeCertificate(height, consenter.bytes(CERTIFICATE_FIELD))
    : undefined;
  return { lastConfig: fields(outer.bytes(1)).number(1), turn: consenter.number(1), height, certificate };
}

/** A block with its data and ordering value in place, ready to be proposed. */
export function makeProposal(
  header: BlockHeader,
  data: readonly Uint8Array[],
  value: OrderingValue,
): Proposal {
  const encoded = encodeOrderingValue(value);
  const metadata = emptyMetadata();
  metadata[MetadataIndex.signatures] = new WireWriter().bytes(1, encoded).finish();
  const lastConfig = new WireWriter().uint(1, value.lastConfig).finish();
  metadata[MetadataIndex.lastConfig] = new WireWriter().bytes(1, lastConfig).finish();
  return {
    height: value.height,
    turn: value.turn,
    headerHash: blockHeaderHash(header),
    valueHash: sha256(encoded),
    block: { header, data, metadata },
    value: encoded,
    certificate: value.certificate,
  };
}

/**
 * Whether a proposal is what `makeProposal` makes of its header, data and what it says of itself: hashes belong to the block, the
 * metadata says what is signed, and nothing else is in it.
 */
export function isAsMade(proposal: Proposal): boolean {
  const { block, turn, height, certificate } = proposal;
  const { lastConfig } = decodeOrderingValue(proposal.value);
  const made = makeProposal(block.header, block.data, { lastConfig, turn, height, certificate });
  return (
    block.header.number === BigInt(height) &&
    equalBytes(made.value, proposal.value) &&
    equalBytes(made.valueHash, proposal.valueHash) &&
    equalBytes(made.headerHash, proposal.headerHash) &&
    block.metadata.length === made.block.metadata.length &&
    made.block.metadata.every((entry, i) => equalBytes(entry, block.metadata[i] as Uint8Array))
  );
}

/** The block as it goes to the peers, with the final signatures in the order of the authorities. */
export function sealBlock(final: FinalBlock): RawBlock {
  const metadata = new WireWriter().bytes(1, final.value);
  for (const signature of [...final.signatures].sort((a, b) => a.authority - b.authority)) {
    const entry = new WireWriter().bytes(2, signature.signature).bytes(3, signature.identifierHeader);
    metadata.present(2, entry.finish());
  }
  return withMetadata(final.block, MetadataIndex.signatures, metadata.finish());
}

/** What a block's metadata says about its ordering. @throws LedgerError BAD_BLOCK, MALFORMED */
export function openBlock(block: RawBlock): FinalBlock {
  const entry = block.metadata[MetadataIndex.signatures];
  if (entry === undefined || entry.length === 0) {
    throw new LedgerError('BAD_BLOCK', `Block ${block.header.number} carries no orderer signatures`);
  }
  const metadata = fields(entry);
  const value = metadata.bytes(1);
  const { turn, height, certificate } = decodeOrderingValue(value);
  return {
    height,
    turn,
    headerHash: blockHeaderHash(block.header),
    valueHash: sha256(value),
    block,
    value,
    certificate,
    signatures: metadata.all(2).map(decodeSignature),
  };
}

/** The bytes that a final signature signs: what Fabric's BFT block verification checks. */
export function finalSignatureBytes(
  value: Uint8Array,
  identifierHeader: Uint8Array,
  header: BlockHeader,
): Uint8Array {
  return Buffer.concat([value, identifierHeader, blockHeaderBytes(header)]);
}

/** common.IdentifierHeader */
export function encodeIdentifierHeader(authority: number, nonce: Uint8Array): Uint8Array {
  return new WireWriter().uint(1, authority).bytes(2, nonce).finish();
}

/** Whom an identifier header names. @throws LedgerError MALFORMED */
export function identifiedBy(identifierHeader: Uint8Array): number {
  return fields(identifierHeader).number(1);
}

function decodeSignature(bytes: Uint8Array): FinalSignature {
  const entry = fields(bytes);
  const identifierHeader = entry.bytes(3);
  return { authority: identifiedBy(identifierHeader), signature: entry.bytes(2), identifierHeader };
}

function encodeCertificate(certificate: Certificate): Uint8Array {
  const writer = new WireWriter().uint(1, certificate.turn);
  for (const vote of certificate.votes) writer.present(2, encodeVote(vote));
  return writer.finish();
}

function decodeCertificate(height: number, bytes: Uint8Array): Certificate {
  const certificate = fields(bytes);
  const turn = certificate.number(1);
  return { height, turn, votes: certificate.all(2).map((vote) => decodeVote(height, turn, vote)) };
}

function encodeVote(vote: Vote): Uint8Array {
  const writer = new WireWriter().uint(1, vote.voter).bytes(2, vote.signature);
  if (vote.last !== undefined) writer.present(3, encodeSignedAt(vote.last));
  return writer.finish();
}

function decodeVote(height: number, turn: number, bytes: Uint8Array): Vote {
  const vote = fields(bytes);
  const last = vote.has(3) ? decodeSignedAt(vote.bytes(3)) : undefined;
  return { height, turn, voter: vote.number(1), signature: vote.bytes(2), last };
}

export function encodeSignedAt(signed: SignedAt): Uint8Array {
  const writer = new WireWriter().uint(1, signed.turn).bytes(2, signed.headerHash).bytes(3, signed.valueHash);
  for (const { authority, signature } of signed.acknowledgements) {
    writer.present(4, new WireWriter().uint(1, authority).bytes(2, signature).finish());
  }
  return writer.finish();
}

export function decodeSignedAt(bytes: Uint8Array): SignedAt {
  const signed = fields(bytes);
  const acknowledgements = signed.all(4).map((entry): Attestation => {
    const attestation = fields(entry);
    return { authority: attestation.number(1), signature: attestation.bytes(2) };
  });
  return {
    turn: signed.number(1),
    headerHash: signed.bytes(2),
    valueHash: signed.bytes(3),
    acknowledgements,
  };
}
