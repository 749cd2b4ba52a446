import { LedgerError } from '../error.ts';
import {
  decodeSignedProposal,
  encodeProposalResponse,
  ProposalRefused,
  type DecodedProposal,
  type Peer,
} from '../peer/index.ts';
import type { CallContext } from './call.ts';
import { whileOpen } from './call.ts';
import type { GatewayNetwork } from './network.ts';
import { Code, RpcError } from './status.ts';

/**
 * Fabric's Endorser.ProcessProposal at one peer. What is wrong with the proposal itself ends the call with UNKNOWN, as errors
 * without a code do in Go; what went wrong while it ran stands in the response.
 */
export async function processProposal(
  network: GatewayNetwork,
  context: CallContext,
  signedProposal: Uint8Array,
): Promise<Uint8Array> {
  const peer = ownPeer(network);
  if (peer === undefined) throw new RpcError(Code.UNAVAILABLE, 'the peer is not running');
  const proposal = decoded(signedProposal);
  try {
    return encodeProposalResponse(await whileOpen(context, peer.endorse(proposal)));
  } catch (error) {
    if (error instanceof ProposalRefused) throw new RpcError(Code.UNKNOWN, error.message);
    if (error instanceof LedgerError && error.code === 'STOPPED')
      throw new RpcError(Code.UNAVAILABLE, error.message);
    throw error;
  }
}

function ownPeer(network: GatewayNetwork): Peer | undefined {
  const isOwn = ({ name, mspId }: Peer) =>
    network.peer === undefined ? mspId === network.mspId : name === network.peer;
  return network.peers().find(isOwn);
}

function decoded(signedProposal: Uint8Array): DecodedProposal {
  try {
    return decodeSignedProposal(signedProposal);
  } catch (error) {
    if (error instanceof LedgerError) throw new RpcError(Code.UNKNOWN, error.message);
    throw error;
  }
}
