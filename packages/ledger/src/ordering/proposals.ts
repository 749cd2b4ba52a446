import { equalBytes } from '@healthchain/core';
import type { Verifier } from '../crypto/index.ts';
import { admit, isRefusal, requestKey } from './admission.ts';
import type { RawBlock } from './block.ts';
import { isConfigBlock, lastConfigWith, type ChainTip } from './chain-tip.ts';
import type { SigningIdentity } from './envelope.ts';
import { signatureNonce, type Certificate, type Proposal } from './messages.ts';
import { dataHashOnce, mustBeWellFormed } from './parsed.ts';
import type { RequestPool } from './pool.ts';
import {
  decodeOrderingValue,
  encodeIdentifierHeader,
  finalSignatureBytes,
  makeProposal,
} from './turn-metadata.ts';

/** The next block of waiting requests, or `repeat` again; undefined when there is nothing to propose. */
export function nextProposal(
  tip: ChainTip,
  pool: RequestPool,
  at: {
    readonly turn: number;
    readonly certificate: Certificate | undefined;
    readonly repeat: RawBlock | undefined;
  },
): Proposal | undefined {
  const { turn, certificate, repeat } = at;
  const { height, previousHash } = tip;
  const data = repeat?.data ?? pool.batch(tip.config.batch).map((request) => request.envelope);
  if (data.length === 0) return undefined;
  const header = repeat?.header ?? { number: BigInt(height), previousHash, dataHash: dataHashOnce(data) };
  return makeProposal(header, data, { lastConfig: lastConfigWith(tip, data), turn, height, certificate });
}

/** Everything of a proposal that its signatures do not say. */
export async function isAcceptable(
  tip: ChainTip,
  pool: RequestPool,
  verifier: Verifier,
  proposal: Proposal,
): Promise<boolean> {
  const { header, data } = proposal.block;
  if (!equalBytes(header.previousHash, tip.previousHash)) return false;
  if (decodeOrderingValue(proposal.value).lastConfig !== lastConfigWith(tip, data)) return false;
  if (isConfigBlock(data) && data.length > 1) return false;
  try {
    mustBeWellFormed(header.number, data);
  } catch {
    return false;
  }
  const context = { config: tip.config, verifier, at: undefined };
  const unknown = data.filter((envelope) => pool.get(requestKey(envelope))?.envelope !== envelope);
  const results = await Promise.all(unknown.map((envelope) => admit(context, envelope)));
  return !results.some(isRefusal);
}

/** An authority's signature of a block's header, in the form of Fabric's BFT metadata. */
export function signProposal(
  self: number,
  signer: SigningIdentity,
  proposal: Proposal,
): { identifierHeader: Uint8Array; signature: Uint8Array } {
  const identifierHeader = encodeIdentifierHeader(self, signatureNonce(proposal, self));
  const bytes = finalSignatureBytes(proposal.value, identifierHeader, proposal.block.header);
  return { identifierHeader, signature: signer.sign(bytes) };
}
