import { toHex } from '@healthchain/core';
import type { Verifier } from '../crypto/index.ts';
import type { Identity, IdentityManager } from '../msp/index.ts';
import { HeaderType } from '../ordering/envelope.ts';
import type { PeerChannel } from './channel.ts';
import type { DecodedProposal } from './proposal.ts';

/** How far a proposal's timestamp may be from the endorser's clock (design/ledger.md section 5). */
const TIME_WINDOW_MS = 30_000;

/** The proposal itself is refused. `byFilter`: before the endorser has seen it, which on Fabric looks like a peer that is down. */
export class ProposalRefused extends Error {
  readonly byFilter: boolean;

  constructor(message: string, byFilter = false) {
    super(message);
    this.byFilter = byFilter;
  }
}

/** What Fabric's authentication filters check. @throws ProposalRefused */
export function mustBeTimely(proposal: DecodedProposal, now: Date): void {
  const at = Number(proposal.timestamp?.seconds ?? 0n) * 1000 + (proposal.timestamp?.nanos ?? 0) / 1e6;
  if (Math.abs(at - now.getTime()) <= TIME_WINDOW_MS) return;
  const written = `${new Date(at).toISOString()}, peer time ${now.toISOString()}`;
  throw new ProposalRefused(
    `request unauthorized due to incorrect timestamp ${written}, peer.authentication.timewindow 30s`,
    true,
  );
}

/** Well formed, and of a valid member who has signed it. @throws ProposalRefused */
export async function mustBeSound(
  identities: IdentityManager,
  proposal: DecodedProposal,
  { verifier, now }: { readonly verifier: Verifier; readonly now: Date },
): Promise<void> {
  const malformed = formProblem(proposal);
  if (malformed !== undefined) throw invalid(malformed);
  const identity = creatorOf(identities, proposal, now);
  const { proposalBytes: message, signature } = proposal;
  const [holds] = await verifier.verifyAll([{ publicKey: identity.publicKey, message, signature }]);
  if (holds !== true) throw invalid(denial(proposal, `org [${identity.mspId}]`));
}

/** Not of a transaction that stands in the chain. @throws ProposalRefused */
export function mustBeNew(channel: PeerChannel, { txId, creator }: DecodedProposal): void {
  if (channel.place(txId) === undefined) return;
  throw new ProposalRefused(`duplicate transaction found [${txId}]. Creator [${toHex(creator)}]`);
}

/** A proposal without a channel is for members of the peer's own organisation. @throws ProposalRefused */
export function mustBeOwn(identities: IdentityManager, proposal: DecodedProposal, mspId: string): void {
  let creator: string | undefined;
  try {
    creator = identities.deserialize(proposal.creator).mspId;
  } catch {
    creator = undefined;
  }
  if (creator !== mspId) throw invalid(denial(proposal, 'org unknown, creator is malformed'));
}

function creatorOf(identities: IdentityManager, proposal: DecodedProposal, now: Date): Identity {
  let identity: Identity;
  try {
    identity = identities.deserialize(proposal.creator);
  } catch {
    throw invalid(denial(proposal, 'org unknown, creator is malformed'));
  }
  if (now > identity.notAfter) throw new ProposalRefused('proposal client identity expired', true);
  try {
    identities.validate(identity, now);
  } catch {
    throw invalid(denial(proposal, `org [${identity.mspId}]`));
  }
  return identity;
}

function formProblem(proposal: DecodedProposal): string | undefined {
  const { type, epoch, nonce, creator, txId, dueTxId, extensionName } = proposal;
  if (extensionName === '') return 'ChaincodeHeaderExtension.ChaincodeId.Name is empty';
  if (type !== HeaderType.endorserTransaction && type !== HeaderType.config)
    return `invalid header type ${type}`;
  if (epoch !== 0n) return 'epoch is non-zero';
  if (nonce.length === 0) return 'nonce is empty';
  if (creator.length === 0) return 'creator is empty';
  if (txId !== dueTxId) return `incorrectly computed txid '${txId}' -- expected '${dueTxId}'`;
  return proposal.signature.length === 0 ? 'empty signature bytes' : undefined;
}

function denial({ channelId }: DecodedProposal, creator: string): string {
  return `access denied: channel [${channelId}] creator ${creator}`;
}

function invalid(problem: string): ProposalRefused {
  return new ProposalRefused(`error validating proposal: ${problem}`);
}
