import { hash } from 'node:crypto';
import {
  decodeChannelHeader,
  decodeEnvelope,
  decodePayload,
  decodeSignatureHeader,
  HEADER_TYPE,
  type ChannelHeader,
  type Payload,
  type SignatureHeader,
} from '../config/index.ts';
import { LedgerError } from '../error.ts';
import { ValidationCode } from './codes.ts';
import { parseAction } from './parse-action.ts';
import type { ParsedTransaction } from './types.ts';

const NOTHING = new Uint8Array();
const KNOWN_TYPES: readonly number[] = Object.values(HEADER_TYPE);

/** Decodes one element of block data as far as it goes. Never throws: the codes say where it stopped. */
export function parseTransaction(bytes: Uint8Array): ParsedTransaction {
  const unread = { ...UNREAD, envelope: bytes };
  const envelope = attempt(() => decodeEnvelope(bytes));
  if (envelope === undefined) return { ...unread, syntaxCode: ValidationCode.INVALID_OTHER_REASON };
  const payload = attempt(() => decodePayload(envelope.payload));
  if (payload === undefined) return { ...unread, ...envelope, syntaxCode: ValidationCode.BAD_PAYLOAD };
  const channelHeader = attempt(() => decodeChannelHeader(payload.channelHeader));
  const signatureHeader = attempt(() => decodeSignatureHeader(payload.signatureHeader));
  const read = {
    ...unread,
    ...envelope,
    data: payload.data,
    txId: channelHeader?.txId ?? '',
    channelId: channelHeader?.channelId ?? '',
    type: channelHeader?.type ?? -1,
    timestamp: channelHeader?.timestamp,
    creator: signatureHeader?.creator ?? NOTHING,
  };
  if (
    !payload.hasHeader ||
    channelHeader === undefined ||
    signatureHeader === undefined ||
    !areUsable(channelHeader, signatureHeader)
  ) {
    return { ...read, syntaxCode: ValidationCode.BAD_COMMON_HEADER };
  }
  return { ...read, ...parseBody(payload, channelHeader, signatureHeader) };
}

const UNREAD = {
  payload: NOTHING,
  signature: NOTHING,
  txId: '',
  channelId: '',
  type: -1,
  timestamp: undefined,
  creator: NOTHING,
  data: NOTHING,
  action: undefined,
  syntaxCode: ValidationCode.VALID as number,
  bodyCode: ValidationCode.VALID as number,
  actionCode: ValidationCode.VALID as number,
} as const;

function areUsable(channel: ChannelHeader, signature: SignatureHeader): boolean {
  return (
    KNOWN_TYPES.includes(channel.type) &&
    channel.epoch === 0n &&
    signature.nonce.length > 0 &&
    signature.creator.length > 0
  );
}

type Body = Pick<ParsedTransaction, 'bodyCode' | 'actionCode' | 'action'>;

function parseBody(payload: Payload, channel: ChannelHeader, signature: SignatureHeader): Body {
  const only = (bodyCode: number): Body => ({
    bodyCode,
    actionCode: ValidationCode.VALID,
    action: undefined,
  });
  if (channel.type === HEADER_TYPE.config) {
    return only(payload.data.length === 0 ? ValidationCode.INVALID_CONFIG_TRANSACTION : ValidationCode.VALID);
  }
  if (channel.type !== HEADER_TYPE.endorserTransaction) return only(ValidationCode.UNSUPPORTED_TX_PAYLOAD);
  if (channel.txId !== transactionId(signature.nonce, signature.creator))
    return only(ValidationCode.BAD_PROPOSAL_TXID);
  return parseAction(payload, channel.extension);
}

/** SHA-256 of nonce and creator, hexadecimal. */
export function transactionId(nonce: Uint8Array, creator: Uint8Array): string {
  return hash('sha256', Buffer.concat([nonce, creator]), 'hex');
}

function attempt<Result>(decode: () => Result): Result | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
