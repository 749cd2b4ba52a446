import { common, gateway as protos, peer } from '@hyperledger/fabric-protos';
import type { Gateway, Proposal, Transaction } from '@hyperledger/fabric-gateway';

/** The proposal with another timestamp, to be signed again when it is sent. */
export function dated(gateway: Gateway, original: Proposal, at: Date): Proposal {
  const proposed = protos.ProposedTransaction.deserializeBinary(original.getBytes());
  const signed = proposed.getProposal() ?? new peer.SignedProposal();
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  channel
    .getTimestamp()
    ?.setSeconds(Math.floor(at.getTime() / 1_000))
    .setNanos(0);
  header.setChannelHeader(channel.serializeBinary());
  proposal.setHeader(header.serializeBinary());
  signed.setProposalBytes(proposal.serializeBinary());
  signed.setSignature('');
  return gateway.newProposal(proposed.serializeBinary());
}

/** The one action of an endorsed transaction, decoded. */
interface ActionParts {
  readonly endorsed: peer.ChaincodeEndorsedAction;
  readonly action: peer.ChaincodeAction;
}

/** The transaction with its action changed after the endorsement, to be signed again when it is submitted. */
export function altered(
  gateway: Gateway,
  original: Transaction,
  change: (parts: ActionParts) => void,
): Transaction {
  const prepared = protos.PreparedTransaction.deserializeBinary(original.getBytes());
  const envelope = prepared.getEnvelope() ?? new common.Envelope();
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
  const [only] = transaction.getActionsList();
  if (only === undefined) throw new Error('a transaction without an action');
  const content = peer.ChaincodeActionPayload.deserializeBinary(only.getPayload_asU8());
  const endorsed = content.getAction() ?? new peer.ChaincodeEndorsedAction();
  const response = peer.ProposalResponsePayload.deserializeBinary(endorsed.getProposalResponsePayload_asU8());
  const action = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
  change({ endorsed, action });
  response.setExtension$(action.serializeBinary());
  endorsed.setProposalResponsePayload(response.serializeBinary());
  content.setAction(endorsed);
  only.setPayload(content.serializeBinary());
  payload.setData(transaction.serializeBinary());
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature('');
  prepared.setEnvelope(envelope);
  return gateway.newTransaction(prepared.serializeBinary());
}

/** The same bytes with one bit of the last byte turned. */
export function spoil(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const last = copy.length - 1;
  copy[last] = (copy[last] ?? 0) ^ 1;
  return copy;
}
