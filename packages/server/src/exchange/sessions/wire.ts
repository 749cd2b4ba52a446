import type { Identity, Proposal } from '@hyperledger/fabric-gateway';
import { common, gateway, msp, peer } from '@hyperledger/fabric-protos';

/** The proposal's timestamp, to the millisecond. */
export function timestampOf(proposal: Proposal): Date {
  const proposed = gateway.ProposedTransaction.deserializeBinary(proposal.getBytes());
  const signed = proposed.getProposal()?.getProposalBytes_asU8() ?? new Uint8Array(0);
  const header = common.Header.deserializeBinary(peer.Proposal.deserializeBinary(signed).getHeader_asU8());
  const timestamp = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8()).getTimestamp();
  if (timestamp === undefined) throw new Error('A proposal without a timestamp');
  return timestamp.toDate();
}

/** The unsigned SignedCommitStatusRequest for `Gateway.newCommit`. */
export function commitStatusRequest(channel: string, transactionId: string, identity: Identity): Uint8Array {
  const creator = new msp.SerializedIdentity();
  creator.setMspid(identity.mspId);
  creator.setIdBytes(identity.credentials);
  const request = new gateway.CommitStatusRequest();
  request.setChannelId(channel);
  request.setTransactionId(transactionId);
  request.setIdentity(creator.serializeBinary());
  const signed = new gateway.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  return signed.serializeBinary();
}

export interface ChainInfo {
  /** Number of blocks. */
  readonly height: bigint;
  /** SHA-256 of the header of block `height` − 1. */
  readonly headerHash: Uint8Array;
}

/** What `qscc` answers to GetChainInfo. */
export function decodeChainInfo(payload: Uint8Array): ChainInfo {
  const info = common.BlockchainInfo.deserializeBinary(payload);
  return { height: BigInt(info.getHeight()), headerHash: info.getCurrentblockhash_asU8() };
}
