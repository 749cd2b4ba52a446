import { randomBytes } from 'node:crypto';
import { WireWriter } from '../wire/index.ts';

/** common.HeaderType, as far as this engine writes or tells them apart. */
export const HeaderType = { config: 1, configUpdate: 2, endorserTransaction: 3, deliverSeekInfo: 5 } as const;

/** An identity with its key: what a node, or an administrator's command, signs with. */
export interface SigningIdentity {
  readonly mspId: string;
  /** msp.SerializedIdentity */
  readonly serialized: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

export const NONCE_BYTES = 24;

/** google.protobuf.Timestamp */
function encodeTimestamp(at: Date): Uint8Array {
  const milliseconds = at.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return new WireWriter()
    .uint(1, seconds)
    .uint(2, (milliseconds - seconds * 1000) * 1_000_000)
    .finish();
}

function encodeChannelHeader(header: {
  readonly type: number;
  readonly channelId: string;
  readonly at: Date;
  readonly txId?: string;
  readonly extension?: Uint8Array;
}): Uint8Array {
  return new WireWriter()
    .uint(1, header.type)
    .present(3, encodeTimestamp(header.at))
    .string(4, header.channelId)
    .string(5, header.txId ?? '')
    .bytes(7, header.extension ?? new Uint8Array())
    .finish();
}

function encodeSignatureHeader(creator: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new WireWriter().bytes(1, creator).bytes(2, nonce).finish();
}

function encodeHeader(channelHeader: Uint8Array, signatureHeader: Uint8Array): Uint8Array {
  return new WireWriter().bytes(1, channelHeader).bytes(2, signatureHeader).finish();
}

/** common.Envelope over a payload that `signer` signs. */
export function signedEnvelope(
  signer: SigningIdentity,
  header: { readonly type: number; readonly channelId: string; readonly at: Date },
  data: Uint8Array,
): Uint8Array {
  const signatureHeader = encodeSignatureHeader(signer.serialized, randomBytes(NONCE_BYTES));
  const payload = new WireWriter()
    .present(1, encodeHeader(encodeChannelHeader(header), signatureHeader))
    .bytes(2, data)
    .finish();
  return encodeEnvelope(payload, signer.sign(payload));
}

export function encodeEnvelope(payload: Uint8Array, signature: Uint8Array): Uint8Array {
  return new WireWriter().bytes(1, payload).bytes(2, signature).finish();
}
