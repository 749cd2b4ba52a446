import { hash } from 'node:crypto';
import { LedgerError } from '../error.ts';
import { transactionId } from '../validation/index.ts';
import { fields, WireReader, WireWriter } from '../wire/index.ts';

/** A signed proposal, decoded once and shared by all endorsers of the process. */
export interface DecodedProposal {
  readonly proposalBytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly type: number;
  readonly channelId: string;
  readonly txId: string;
  /** What the transaction id has to be: computed from nonce and creator. */
  readonly dueTxId: string;
  readonly epoch: bigint;
  readonly timestamp: { readonly seconds: bigint; readonly nanos: number } | undefined;
  /** Of the header extension: what the endorser runs. */
  readonly extensionName: string;
  /** Of the invocation: what the gateway plans for. */
  readonly chaincodeName: string;
  readonly creator: Uint8Array;
  readonly nonce: Uint8Array;
  readonly args: readonly Uint8Array[];
  readonly isInit: boolean;
  readonly transient: ReadonlyMap<string, Uint8Array>;
  /** Header and payload as they go into the transaction. */
  readonly header: Uint8Array;
  readonly signatureHeader: Uint8Array;
  readonly payloadWithoutTransient: Uint8Array;
  /** Over channel header, signature header and payload without transient data. */
  readonly proposalHash: Uint8Array;
}

/** @param signedProposal peer.SignedProposal. @throws LedgerError MALFORMED with Fabric's message */
export function decodeSignedProposal(signedProposal: Uint8Array): DecodedProposal {
  const signed = fields(signedProposal);
  const proposalBytes = signed.bytes(1);
  const proposal = fields(proposalBytes);
  const header = proposal.bytes(1);
  const headerFields = fields(header);
  const channelHeader = decodeChannelHeader(headerFields.bytes(1));
  const signatureHeader = headerFields.bytes(2);
  const signer = fields(signatureHeader);
  const [creator, nonce] = [signer.bytes(1), signer.bytes(2)];
  const payload = decodePayload(proposal.bytes(2));
  const extensionName = nameOf(fields(channelHeader.extension).bytes(2));
  const payloadWithoutTransient = new WireWriter().bytes(1, payload.input).finish();
  return {
    proposalBytes,
    signature: signed.bytes(2),
    ...channelHeader,
    ...decodeInvocation(payload.input),
    extensionName,
    creator,
    nonce,
    dueTxId: transactionId(nonce, creator),
    transient: payload.transient,
    header,
    signatureHeader,
    payloadWithoutTransient,
    proposalHash: hash(
      'sha256',
      Buffer.concat([headerFields.bytes(1), signatureHeader, payloadWithoutTransient]),
      'buffer',
    ),
  };
}

function decodeChannelHeader(bytes: Uint8Array) {
  const reader = new WireReader(bytes);
  let type = 0;
  let channelId = '';
  let txId = '';
  let epoch = 0n;
  let timestamp: DecodedProposal['timestamp'];
  let extension: Uint8Array = new Uint8Array();
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) type = reader.int32();
    else if (reader.field === 3 && reader.wireType === 2) timestamp = decodeTimestamp(reader.bytes());
    else if (reader.field === 4 && reader.wireType === 2) channelId = reader.string();
    else if (reader.field === 5 && reader.wireType === 2) txId = reader.string();
    else if (reader.field === 6 && reader.wireType === 0) epoch = reader.uint64();
    else if (reader.field === 7 && reader.wireType === 2) extension = reader.bytes();
    else reader.skip();
  }
  return { type, channelId, txId, epoch, timestamp, extension };
}

function decodeTimestamp(bytes: Uint8Array): { seconds: bigint; nanos: number } {
  const reader = new WireReader(bytes);
  let seconds = 0n;
  let nanos = 0;
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) seconds = BigInt.asIntN(64, reader.uint64());
    else if (reader.field === 2 && reader.wireType === 0) nanos = reader.int32();
    else reader.skip();
  }
  return { seconds, nanos };
}

/** peer.ChaincodeProposalPayload */
function decodePayload(bytes: Uint8Array): { input: Uint8Array; transient: Map<string, Uint8Array> } {
  const payload = fields(bytes);
  const transient = new Map<string, Uint8Array>();
  for (const entry of payload.all(2)) {
    const pair = fields(entry);
    transient.set(textOf(pair.bytes(1)), pair.bytes(2));
  }
  return { input: payload.bytes(1), transient };
}

/** peer.ChaincodeInvocationSpec */
function decodeInvocation(bytes: Uint8Array): Pick<DecodedProposal, 'chaincodeName' | 'args' | 'isInit'> {
  const invocation = fields(bytes);
  if (!invocation.has(1)) throw malformed('chaincode invocation spec did not contain chaincode spec');
  const spec = fields(invocation.bytes(1));
  if (!spec.has(3)) throw malformed('chaincode input did not contain any input');
  const input = fields(spec.bytes(3));
  return { chaincodeName: nameOf(spec.bytes(2)), args: input.all(1), isInit: input.number(3) !== 0 };
}

/** Name of a peer.ChaincodeID. */
function nameOf(chaincodeId: Uint8Array): string {
  return textOf(fields(chaincodeId).bytes(2));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

function malformed(message: string): LedgerError {
  return new LedgerError('MALFORMED', message);
}
