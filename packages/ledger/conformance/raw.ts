import { common, gateway as protos, msp, peer } from '@hyperledger/fabric-protos';
import type { Commit, Proposal, Transaction } from '@hyperledger/fabric-gateway';
import type { Session } from './session.ts';

/** The two headers of a proposal, decoded, for a case that alters them. */
export interface ProposalHeaders {
  readonly channel: common.ChannelHeader;
  readonly signature: common.SignatureHeader;
}

/** The proposal with its headers changed, unsigned: it is signed by the session when it is sent. */
export function alterProposal(
  session: Session,
  original: Proposal,
  change: (headers: ProposalHeaders, proposed: protos.ProposedTransaction) => void,
): Proposal {
  const proposed = protos.ProposedTransaction.deserializeBinary(original.getBytes());
  const signed = proposed.getProposal() ?? new peer.SignedProposal();
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const signature = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
  change({ channel, signature }, proposed);
  header.setChannelHeader(channel.serializeBinary());
  header.setSignatureHeader(signature.serializeBinary());
  proposal.setHeader(header.serializeBinary());
  signed.setProposalBytes(proposal.serializeBinary());
  signed.setSignature('');
  return session.gateway.newProposal(proposed.serializeBinary());
}

/** The only action of a transaction, decoded, for a case that alters it. */
export interface ActionParts {
  readonly endorsed: peer.ChaincodeEndorsedAction;
  readonly response: peer.ProposalResponsePayload;
  readonly action: peer.ChaincodeAction;
}

/** The transaction with its action changed, unsigned: it is signed by the session when it is submitted. */
export function alterTransaction(
  session: Session,
  original: Transaction,
  change: (parts: ActionParts) => void,
): Transaction {
  return alterEnvelope(session, original, (payload) => {
    const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
    const [only] = transaction.getActionsList();
    if (only === undefined) throw new Error('a transaction without an action');
    const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(only.getPayload_asU8());
    const endorsed = actionPayload.getAction() ?? new peer.ChaincodeEndorsedAction();
    const response = peer.ProposalResponsePayload.deserializeBinary(
      endorsed.getProposalResponsePayload_asU8(),
    );
    const action = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
    change({ endorsed, response, action });
    response.setExtension$(action.serializeBinary());
    endorsed.setProposalResponsePayload(response.serializeBinary());
    actionPayload.setAction(endorsed);
    only.setPayload(actionPayload.serializeBinary());
    payload.setData(transaction.serializeBinary());
  });
}

/** The transaction with its envelope's payload changed, unsigned. */
function alterEnvelope(
  session: Session,
  original: Transaction,
  change: (payload: common.Payload) => void,
): Transaction {
  const prepared = protos.PreparedTransaction.deserializeBinary(original.getBytes());
  const envelope = prepared.getEnvelope() ?? new common.Envelope();
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  change(payload);
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature('');
  prepared.setEnvelope(envelope);
  return session.gateway.newTransaction(prepared.serializeBinary());
}

/** Asks for the outcome of any transaction id, asked by the session's identity. */
export function askFor(
  session: Pick<Session, 'gateway' | 'network' | 'signing'>,
  transactionId: string,
): Commit {
  const creator = new msp.SerializedIdentity();
  creator.setMspid(session.signing.identity.mspId);
  creator.setIdBytes(session.signing.identity.credentials);
  const request = new protos.CommitStatusRequest();
  request.setTransactionId(transactionId);
  request.setChannelId(session.network.getName());
  request.setIdentity(creator.serializeBinary());
  const signed = new protos.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  return session.gateway.newCommit(signed.serializeBinary());
}

/** The same bytes with one bit of the last byte turned. */
export function spoil(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const last = copy.length - 1;
  copy[last] = (copy[last] ?? 0) ^ 1;
  return copy;
}
