import type { ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import { HeaderType, Status, type DeliveredBlock } from '../ordering/index.ts';
import { isSatisfiedBySigner, type SignedData } from '../policy/index.ts';
import { fields, WireWriter } from '../wire/index.ts';
import { reasonOf, type CallContext } from './call.ts';
import type { BlockSource, Delivery } from './deliver.ts';

/** An orderer as its own clients reach it. */
export interface OrderingNode {
  readonly verifier: Verifier;
  readonly clock: () => Date;
  /** Undefined when the orderer does not run, or does not order the channel. */
  channel(channelId: string): OrderedChannel | undefined;
}

interface OrderedChannel extends BlockSource<DeliveredBlock> {
  broadcast(envelope: Uint8Array): Promise<Answer>;
}

interface Answer {
  /** common.Status */
  readonly status: number;
  readonly info: string;
}

/** common.HeaderType values that Fabric's orderers have no use for (any more). */
const ORDERER_TRANSACTION = 4;

/** Fabric's Broadcast: one answer for each envelope, in order; the first refusal ends the stream. */
export async function* broadcast(
  node: OrderingNode,
  context: CallContext,
  envelopes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const envelope of envelopes) {
    const { status, info } = await order(node, envelope);
    yield new WireWriter().uint(1, status).string(2, info).finish();
    if (status !== Status.SUCCESS) return;
  }
  if (context.ending.hasCome) throw reasonOf(context.ending);
}

async function order(node: OrderingNode, envelope: Uint8Array): Promise<Answer> {
  const bad = (info: string) => ({ status: Status.BAD_REQUEST, info });
  let header: { readonly type: number; readonly channelId: string };
  try {
    header = channelHeaderOf(envelope);
  } catch (error) {
    if (error instanceof LedgerError) return bad(`could not determine channel ID: ${error.message}`);
    throw error;
  }
  const channel = node.channel(header.channelId);
  if (channel === undefined) return bad('channel does not exist');
  if (header.type === HeaderType.config) return bad('message is of type that cannot be processed directly');
  if (header.type === ORDERER_TRANSACTION) return bad('message is of type that is no longer supported');
  return channel.broadcast(envelope);
}

function channelHeaderOf(envelope: Uint8Array): { type: number; channelId: string } {
  const payload = fields(envelope).bytes(1);
  if (payload.length === 0) throw new LedgerError('MALFORMED', 'envelope has no payload');
  const header = fields(payload);
  if (!header.has(1)) throw new LedgerError('MALFORMED', 'envelope has no header');
  const channelHeader = fields(fields(header.bytes(1)).bytes(1));
  return { type: channelHeader.number(1), channelId: Buffer.from(channelHeader.bytes(4)).toString() };
}

/** Fabric's Deliver of an orderer: blocks as they were ordered, for who satisfies /Channel/Readers. */
export function ordererDeliveryOf(node: OrderingNode): Delivery<DeliveredBlock> {
  return {
    clock: node.clock,
    source: (channelId) => node.channel(channelId),
    allows: (config, signed) => isReader(node.verifier, config, signed),
    encode: ({ parts }) => new WireWriter().presentParts(2, parts).finish(),
  };
}

async function isReader(verifier: Verifier, config: ChannelConfig, signed: SignedData): Promise<boolean> {
  const identity = config.identities.deserialize(signed.identity);
  const [holds] = await verifier.verifyAll([
    { publicKey: identity.publicKey, message: signed.data, signature: signed.signature },
  ]);
  return isSatisfiedBySigner(config.policies.policy('/Channel/Readers'), identity, holds === true);
}
