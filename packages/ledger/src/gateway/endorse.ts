import { WireWriter } from '../wire/index.ts';
import {
  encodeEndorsement,
  isSystemChaincode,
  type DecodedProposal,
  type Endorsed,
  type NamespaceInterest,
  type Peer,
} from '../peer/index.ts';
import type { CallContext } from './call.ts';
import { ask, detailOf, type Answer } from './endorsing.ts';
import { atHeight, isOwnChannel, ledgerOf, peersOf, type GatewayNetwork } from './network.ts';
import { choosePeers, neededPeers, policiesFor } from './plan.ts';
import { decodeProposalRequest, proposalOf } from './requests.ts';
import { Code, RpcError, type ErrorDetail } from './status.ts';

type Endorsement = Extract<Answer, { ok: true }>;

/** Fabric's Gateway.Endorse: collects what the policies need and assembles the transaction. */
export async function endorse(
  network: GatewayNetwork,
  context: CallContext,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const request = decodeProposalRequest(bytes);
  if (request.signedProposal.length === 0) {
    throw new RpcError(Code.INVALID_ARGUMENT, 'the proposed transaction must contain a signed proposal');
  }
  const proposal = proposalOf(request.signedProposal, '');
  const peers = await readyPeers(network, context, proposal);
  const endorsements =
    request.organisations.length > 0
      ? await fromOrganisations(context, proposal, peers, request.organisations)
      : await byPolicy(network, context, proposal, peers);
  const envelope = assemble(proposal, endorsements);
  return new WireWriter().message(1, envelope).finish();
}

async function readyPeers(
  network: GatewayNetwork,
  context: CallContext,
  proposal: DecodedProposal,
): Promise<readonly Peer[]> {
  if (!isOwnChannel(network, proposal.channelId)) return [];
  const peers = peersOf(network, proposal.channelId).filter(
    (peer) => peer.hasChaincode(proposal.chaincodeName) || isSystemChaincode(proposal.chaincodeName),
  );
  const seen = context.session.seen(proposal.channelId);
  return atHeight(peers, proposal.channelId, seen, context.ending);
}

/** The client names the organisations and answers for it that they satisfy the policy. */
async function fromOrganisations(
  context: CallContext,
  proposal: DecodedProposal,
  peers: readonly Peer[],
  organisations: readonly string[],
): Promise<readonly Endorsement[]> {
  const missing = organisations.filter((mspId) => !peers.some((peer) => peer.mspId === mspId));
  if (missing.length > 0) {
    throw new RpcError(
      Code.UNAVAILABLE,
      `failed to find any endorsing peers for org(s): ${missing.join(', ')}`,
    );
  }
  const collection = new Collection(context, proposal);
  await Promise.all(
    [...new Set(organisations)].map((mspId) =>
      collection.oneOf(peers.filter((peer) => peer.mspId === mspId)),
    ),
  );
  if (collection.endorsements.length < new Set(organisations).size) throw collection.failure();
  return collection.endorsements;
}

/** The gateway chooses: one endorsement first, whose read-write set tells which policies count, then what else they need. */
async function byPolicy(
  network: GatewayNetwork,
  context: CallContext,
  proposal: DecodedProposal,
  peers: readonly Peer[],
): Promise<readonly Endorsement[]> {
  const collection = new Collection(context, proposal);
  const first = await collection.oneOf(firstCandidates(network, proposal, peers));
  if (first === undefined) throw collection.firstFailure();
  const channel = ledgerOf(network, proposal.channelId);
  const policies = channel && policiesFor(channel, interestOf(proposal, first.endorsed));
  if (channel === undefined || policies === undefined) throw notDefined(proposal);
  for (let round = 0; ; round++) {
    const collected = collection.endorsements.map((endorsement) => endorsement.peer);
    const candidates = peers.filter((peer) => !collection.hasFailed(peer));
    const chosen = choosePeers(channel.config, policies, collected, candidates);
    if (chosen === undefined) throw round === 0 ? noCombination() : collection.failure();
    if (chosen.length === 0) {
      const needed = neededPeers(channel.config, policies, collected);
      return collection.endorsements.filter((endorsement) => needed.includes(endorsement.peer));
    }
    await Promise.all(chosen.map((peer) => collection.oneOf([peer])));
  }
}

/** Transient data goes to the own organisation unless the client says otherwise. */
function firstCandidates(
  network: GatewayNetwork,
  proposal: DecodedProposal,
  peers: readonly Peer[],
): readonly Peer[] {
  const own = peers.filter((peer) => peer.mspId === network.mspId);
  if (own.length > 0) return own;
  if (proposal.transient.size > 0) {
    throw new RpcError(
      Code.FAILED_PRECONDITION,
      "no endorsers found in the gateway's organization; retry specifying endorsing organization(s) to protect transient data",
    );
  }
  if (peers.length === 0) throw notDefined(proposal);
  return peers;
}

function interestOf(proposal: DecodedProposal, endorsed: Endorsed): readonly NamespaceInterest[] {
  if (endorsed.interest.length > 0) return endorsed.interest;
  return [{ namespace: proposal.chaincodeName, keyPolicies: [], needsChaincodePolicy: true }];
}

function noCombination(reason = 'no peer combination can satisfy the endorsement policy'): RpcError {
  const text = 'no combination of peers can be derived which satisfy the endorsement policy';
  return new RpcError(Code.FAILED_PRECONDITION, `${text}: ${reason}`);
}

function notDefined({ chaincodeName, channelId }: DecodedProposal): RpcError {
  return noCombination(`No metadata was found for chaincode ${chaincodeName} in channel ${channelId}`);
}

/** Endorsements of one proposal whose payloads agree, and what went wrong with the others. */
class Collection {
  readonly #context: CallContext;
  readonly #proposal: DecodedProposal;
  readonly #details: ErrorDetail[] = [];
  readonly #failed = new Set<Peer>();
  readonly endorsements: Endorsement[] = [];

  constructor(context: CallContext, proposal: DecodedProposal) {
    this.#context = context;
    this.#proposal = proposal;
  }

  hasFailed(peer: Peer): boolean {
    return this.#failed.has(peer);
  }

  /** Asks the peers one after the other until one endorses. */
  async oneOf(peers: readonly Peer[]): Promise<Endorsement | undefined> {
    for (const peer of peers) {
      const answer = await ask(this.#context, peer, this.#proposal);
      if (!answer.ok) this.#fail(peer, detailOf(answer));
      else if (this.#agrees(answer)) {
        this.endorsements.push(answer);
        return answer;
      } else {
        const message = 'ProposalResponsePayloads do not match';
        this.#fail(peer, { address: peer.address, mspId: peer.mspId, message });
      }
    }
    return undefined;
  }

  failure(): RpcError {
    const text = 'failed to collect enough transaction endorsements, see attached details for more info';
    return new RpcError(Code.ABORTED, text, this.#details);
  }

  firstFailure(): RpcError {
    const text = 'failed to endorse transaction, see attached details for more info';
    return new RpcError(Code.ABORTED, text, this.#details);
  }

  #agrees(answer: Endorsement): boolean {
    const [first] = this.endorsements;
    const payload = answer.endorsed.payload;
    return (
      first?.endorsed.payload === undefined ||
      (payload !== undefined && Buffer.compare(first.endorsed.payload, payload) === 0)
    );
  }

  #fail(peer: Peer, detail: ErrorDetail): void {
    this.#failed.add(peer);
    this.#details.push(detail);
  }
}

/** common.Envelope without signature, as Fabric's prepareTransaction assembles it. */
function assemble(proposal: DecodedProposal, endorsements: readonly Endorsement[]): WireWriter {
  const action = new WireWriter().bytes(1, endorsements[0]?.endorsed.payload ?? new Uint8Array());
  for (const { endorsed } of endorsements) {
    if (endorsed.endorsement !== undefined) action.present(2, encodeEndorsement(endorsed.endorsement));
  }
  const actionPayload = new WireWriter().bytes(1, proposal.payloadWithoutTransient).message(2, action);
  const transactionAction = new WireWriter().bytes(1, proposal.signatureHeader).message(2, actionPayload);
  const transaction = new WireWriter().message(1, transactionAction);
  const payload = new WireWriter().present(1, proposal.header).message(2, transaction);
  return new WireWriter().message(1, payload);
}
