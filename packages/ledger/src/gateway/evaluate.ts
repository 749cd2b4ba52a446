import { WireWriter } from '../wire/index.ts';
import { encodeResponse, isSystemChaincode, type DecodedProposal, type Peer } from '../peer/index.ts';
import type { CallContext } from './call.ts';
import { ask, detailOf } from './endorsing.ts';
import { atHeight, isOwnChannel, peersOf, type GatewayNetwork } from './network.ts';
import { decodeProposalRequest, proposalOf } from './requests.ts';
import { Code, RpcError, type ErrorDetail } from './status.ts';

/** Fabric's Gateway.Evaluate: one peer, the own organisation's first, the next one where that may help. */
export async function evaluate(
  network: GatewayNetwork,
  context: CallContext,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const request = decodeProposalRequest(bytes);
  const proposal = checkedProposal(request.signedProposal);
  if (!isOwnChannel(network, proposal.channelId)) {
    const text = `failed to get config for channel [${proposal.channelId}]: channel ${proposal.channelId} does not exist`;
    throw new RpcError(Code.UNAVAILABLE, text);
  }
  const peers = await candidates(network, context, proposal, request.organisations);
  const details: ErrorDetail[] = [];
  let code: number = Code.ABORTED;
  for (const peer of peers) {
    const answer = await ask(context, peer, proposal);
    if (answer.ok) return new WireWriter().present(1, encodeResponse(answer.endorsed.response)).finish();
    details.push(detailOf(answer));
    code = answer.code;
    if (!answer.retry) {
      throw new RpcError(code, `evaluate call to endorser returned error: ${answer.message}`, details);
    }
  }
  throw new RpcError(code, 'failed to evaluate transaction, see attached details for more info', details);
}

function checkedProposal(signedProposal: Uint8Array): DecodedProposal {
  const prefix = 'failed to unpack transaction proposal: ';
  const problem = (text: string) => new RpcError(Code.INVALID_ARGUMENT, prefix + text);
  if (signedProposal.length === 0) throw problem('a signed proposal is required');
  const proposal = proposalOf(signedProposal, prefix);
  if (proposal.channelId === '') throw problem('no channel id provided');
  if (proposal.chaincodeName === '') {
    throw problem(`no chaincode name is provided, channel id [${proposal.channelId}]`);
  }
  return proposal;
}

async function candidates(
  network: GatewayNetwork,
  context: CallContext,
  proposal: DecodedProposal,
  targets: readonly string[],
): Promise<readonly Peer[]> {
  const { channelId, chaincodeName } = proposal;
  const isProtected = proposal.transient.size > 0 && targets.length === 0;
  const organisations = isProtected ? [network.mspId] : targets;
  const peers = peersOf(network, channelId).filter(
    (peer) =>
      (organisations.length === 0 || organisations.includes(peer.mspId)) &&
      (peer.hasChaincode(chaincodeName) || isSystemChaincode(chaincodeName)),
  );
  if (peers.length === 0) {
    const text = `no peers available to evaluate chaincode ${chaincodeName} in channel ${channelId}`;
    const advice =
      "no endorsers found in the gateway's organization; retry specifying target organization(s) to protect transient data: ";
    throw new RpcError(Code.FAILED_PRECONDITION, isProtected ? advice + text : text);
  }
  return atHeight(peers, channelId, context.session.seen(channelId), context.ending);
}
