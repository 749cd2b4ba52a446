import { createHash } from 'node:crypto';
import { common, gateway as protos, ledger, peer } from '@hyperledger/fabric-protos';
import type { Transaction } from '@hyperledger/fabric-gateway';
import { CODE, envelopesOf, metadata } from './blocks.ts';
import { freshKey } from './session.ts';
import type { Session } from './session.ts';
import { take } from './take.ts';
import type { MspId, Target } from './target.ts';

/** How long a broadcast envelope may take to its block. */
const HELD_MS = 15_000;

/** Every part of an endorsed transaction, decoded; what a forger changes is encoded again, and hashes are made to match. */
export interface Parts {
  readonly channel: common.ChannelHeader;
  readonly signature: common.SignatureHeader;
  readonly extension: peer.ChaincodeHeaderExtension;
  readonly transaction: peer.Transaction;
  readonly action: peer.ChaincodeAction;
  readonly results: ledger.rwset.TxReadWriteSet;
  readonly endorsed: peer.ChaincodeEndorsedAction;
  /** Bytes that replace an encoded part, whatever they are. */
  readonly instead: { data?: Uint8Array; action?: Uint8Array; results?: Uint8Array };
}

/** The signed envelope of a transaction with its parts changed; the proposal hash is that of the changed headers. */
export async function forge(
  session: Session,
  original: Transaction,
  change: (parts: Parts) => void,
): Promise<common.Envelope> {
  const prepared = protos.PreparedTransaction.deserializeBinary(original.getBytes());
  const payload = common.Payload.deserializeBinary(
    prepared.getEnvelope()?.getPayload_asU8() ?? new Uint8Array(),
  );
  const header = payload.getHeader() ?? new common.Header();
  const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
  const only = transaction.getActionsList()[0] ?? new peer.TransactionAction();
  const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(only.getPayload_asU8());
  const endorsed = actionPayload.getAction() ?? new peer.ChaincodeEndorsedAction();
  const response = peer.ProposalResponsePayload.deserializeBinary(endorsed.getProposalResponsePayload_asU8());
  const action = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
  const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const parts: Parts = {
    channel,
    signature: common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8()),
    extension: peer.ChaincodeHeaderExtension.deserializeBinary(channel.getExtension_asU8()),
    transaction,
    action,
    results: ledger.rwset.TxReadWriteSet.deserializeBinary(action.getResults_asU8()),
    endorsed,
    instead: {},
  };
  const extensionBefore = channel.getExtension_asB64();
  change(parts);

  if (channel.getExtension_asB64() === extensionBefore)
    channel.setExtension$(parts.extension.serializeBinary());
  header.setChannelHeader(channel.serializeBinary());
  header.setSignatureHeader(parts.signature.serializeBinary());
  action.setResults(parts.instead.results ?? parts.results.serializeBinary());
  response.setExtension$(parts.instead.action ?? action.serializeBinary());
  response.setProposalHash(proposalHash(header, only, actionPayload));
  endorsed.setProposalResponsePayload(response.serializeBinary());
  actionPayload.setAction(endorsed);
  only.setPayload(actionPayload.serializeBinary());
  payload.setHeader(header);
  payload.setData(parts.instead.data ?? transaction.serializeBinary());
  return seal(session, payload);
}

function proposalHash(
  header: common.Header,
  action: peer.TransactionAction,
  payload: peer.ChaincodeActionPayload,
): Uint8Array {
  const hash = createHash('sha256').update(header.getChannelHeader_asU8());
  return hash.update(action.getHeader_asU8()).update(payload.getChaincodeProposalPayload_asU8()).digest();
}

/** The payload in an envelope that the session's identity has signed. */
export async function seal(session: Session, payload: common.Payload): Promise<common.Envelope> {
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature(await session.signing.signer(envelope.getPayload_asU8()));
  return envelope;
}

/** Hands any envelope to the orderers through the gateway, past what the client library checks. */
export async function broadcast(
  target: Target,
  at: MspId,
  channel: string,
  envelope: common.Envelope,
): Promise<void> {
  const request = new protos.SubmitRequest();
  request.setChannelId(channel);
  request.setTransactionId('forged');
  request.setPreparedTransaction(envelope);
  await new Promise<void>((resolve, reject) => {
    target.client(at).makeUnaryRequest(
      '/gateway.Gateway/Submit',
      (message: protos.SubmitRequest) => Buffer.from(message.serializeBinary()),
      (bytes: Buffer) => protos.SubmitResponse.deserializeBinary(bytes),
      request,
      { deadline: Date.now() + 10_000 },
      (error) => (error === null ? resolve() : reject(error)),
    );
  });
}

/**
 * Broadcasts the envelope and returns the code that the block which holds it gives it. Nothing else is sent meanwhile: peers of
 * Fabric v3.1.5 wait for ever when a block holds a transaction that cannot be decoded and after it one that writes keys.
 */
export async function codeFor(target: Target, session: Session, envelope: common.Envelope): Promise<number> {
  const before = await session.commit([['put', freshKey('before'), '1']]);
  await broadcast(target, 'NorthMSP', session.network.getName(), envelope);
  const wanted = Buffer.from(envelope.serializeBinary());
  const indexIn = (block: common.Block) => envelopesOf(block).findIndex((each) => wanted.equals(each));
  const events = await session.network
    .newBlockEventsRequest({ startBlock: before.status.blockNumber + 1n })
    .getEvents({ deadline: Date.now() + HELD_MS });
  const blocks = await take(events, (block) => indexIn(block) >= 0);
  const [block] = blocks.slice(-1);
  if (block === undefined) throw new Error('no block holds the envelope');
  return metadata(block, common.BlockMetadataIndex.TRANSACTIONS_FILTER)[indexIn(block)] ?? -1;
}

/** The name of a validation code. */
export function codeName(code: number): string {
  return Object.entries(CODE).find(([, value]) => value === code)?.[0] ?? String(code);
}
