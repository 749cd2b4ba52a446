import { equalBytes } from '@healthchain/core';
import type { ChannelConfig } from '../config/index.ts';
import { LedgerError } from '../error.ts';
import { HeaderType, parsedOnce, partsWithoutData, Status, type DeliveredBlock } from '../ordering/index.ts';
import type { SignedData } from '../policy/index.ts';
import { fields, WireWriter } from '../wire/index.ts';
import { reasonOf, type CallContext } from './call.ts';
import { decodePosition, type SeekPosition } from './requests.ts';

/** Fabric's peer.authentication.timewindow for deliver requests. */
const TIME_WINDOW_MS = 15 * 60 * 1000;

/** A channel's blocks at one node. */
export interface BlockSource<B extends DeliveredBlock> {
  readonly height: number;
  readonly config: ChannelConfig;
  /** Blocks from `from` on, waiting for the next; ends when `signal` does or the node stops. */
  follow(from: number, signal: AbortSignal): AsyncGenerator<B>;
}

/** What one deliver service of a node hands out, and to whom. */
export interface Delivery<B extends DeliveredBlock> {
  readonly clock: () => Date;
  /** Undefined when the node does not run (any more) or is not on the channel. */
  source(channelId: string): BlockSource<B> | undefined;
  allows(config: ChannelConfig, signed: SignedData): Promise<boolean>;
  /** peer.DeliverResponse, or orderer.DeliverResponse, with the block. */
  encode(block: B): Uint8Array;
}

interface Seek {
  readonly channelId: string;
  readonly creator: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly at: Date | undefined;
  readonly start: SeekPosition | undefined;
  readonly stop: SeekPosition | undefined;
  readonly failsIfNotReady: boolean;
  /** orderer.SeekInfo.content_type: without the data of blocks that hold no configuration. */
  readonly headersOnly: boolean;
  readonly tlsCertificateHash: Uint8Array;
}

/** Fabric's deliver handler: one seek request after the other, each ended by a status. */
export async function* deliver<B extends DeliveredBlock>(
  delivery: Delivery<B>,
  context: CallContext,
  requests: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const request of requests) {
    const status = yield* deliverBlocks(delivery, context, request);
    yield new WireWriter().uint(1, status).finish();
    if (status !== Status.SUCCESS) return;
  }
}

async function* deliverBlocks<B extends DeliveredBlock>(
  delivery: Delivery<B>,
  context: CallContext,
  request: Uint8Array,
): AsyncGenerator<Uint8Array, number> {
  const seek = decodeSeek(request);
  if (seek === undefined || !isTimely(delivery.clock(), seek) || !isBound(context, seek))
    return Status.BAD_REQUEST;
  const source = delivery.source(seek.channelId);
  if (source === undefined) return Status.NOT_FOUND;
  if (!(await isAllowed(delivery, source.config, seek))) return Status.FORBIDDEN;
  if (seek.start === undefined || seek.stop === undefined) return Status.BAD_REQUEST;
  const first = firstBlock(seek.start, source.height);
  if (first > source.height) return Status.NOT_FOUND;
  const last = lastBlock(seek.start, seek.stop, first, source.height);
  if (last < first) return Status.BAD_REQUEST;
  if (seek.failsIfNotReady && first >= source.height) return Status.NOT_FOUND;
  return yield* blocks(delivery, context, seek, { first, last });
}

async function* blocks<B extends DeliveredBlock>(
  delivery: Delivery<B>,
  context: CallContext,
  seek: Seek,
  range: { readonly first: number; readonly last: number },
): AsyncGenerator<Uint8Array, number> {
  let next = range.first;
  let sequence: bigint | undefined;
  while (!context.ending.hasCome) {
    const source = delivery.source(seek.channelId);
    if (source === undefined) return Status.SERVICE_UNAVAILABLE;
    for await (const block of source.follow(next, context.ending.signal)) {
      const isChanged = sequence !== source.config.sequence;
      sequence = source.config.sequence;
      if (isExpired(delivery.clock(), source.config, seek)) return Status.FORBIDDEN;
      if (isChanged && !(await isAllowed(delivery, source.config, seek))) return Status.FORBIDDEN;
      next = block.number + 1;
      context.session.note(seek.channelId, next);
      yield delivery.encode(seek.headersOnly ? withoutData(block) : block);
      if (block.number >= range.last) return Status.SUCCESS;
      if (seek.failsIfNotReady && next >= source.height) return Status.NOT_FOUND;
    }
  }
  throw reasonOf(context.ending);
}

/** common.Envelope with an orderer.SeekInfo; undefined when it cannot be read. */
function decodeSeek(envelope: Uint8Array): Seek | undefined {
  try {
    const outer = fields(envelope);
    const payload = fields(outer.bytes(1));
    const header = fields(payload.bytes(1));
    const channelHeader = fields(header.bytes(1));
    const timestamp = channelHeader.has(3) ? fields(channelHeader.bytes(3)) : undefined;
    const seek = fields(payload.bytes(2));
    return {
      channelId: Buffer.from(channelHeader.bytes(4)).toString(),
      creator: fields(header.bytes(2)).bytes(1),
      payload: outer.bytes(1),
      signature: outer.bytes(2),
      at: timestamp && new Date(timestamp.number(1) * 1000 + timestamp.number(2) / 1e6),
      start: seek.has(1) ? decodePosition(seek.bytes(1)) : undefined,
      stop: seek.has(2) ? decodePosition(seek.bytes(2)) : undefined,
      failsIfNotReady: seek.number(3) === 1,
      headersOnly: seek.number(5) === 1,
      tlsCertificateHash: channelHeader.bytes(8),
    };
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

function isTimely(now: Date, { at }: Seek): boolean {
  return at !== undefined && Math.abs(at.getTime() - now.getTime()) <= TIME_WINDOW_MS;
}

/** With mutual TLS a signed request counts only on a connection of the TLS certificate that it names. */
function isBound({ clientCertificateHash }: CallContext, { tlsCertificateHash }: Seek): boolean {
  return clientCertificateHash === undefined || equalBytes(clientCertificateHash, tlsCertificateHash);
}

function isExpired(now: Date, config: ChannelConfig, { creator }: Seek): boolean {
  try {
    return now > config.identities.deserialize(creator).notAfter;
  } catch {
    return true;
  }
}

async function isAllowed<B extends DeliveredBlock>(
  delivery: Delivery<B>,
  config: ChannelConfig,
  seek: Seek,
): Promise<boolean> {
  if (isExpired(delivery.clock(), config, seek)) return false;
  return delivery.allows(config, { data: seek.payload, identity: seek.creator, signature: seek.signature });
}

/** Header and metadata alone, unless the block holds a configuration. */
function withoutData<B extends DeliveredBlock>(held: B): B {
  const { header, data, metadata } = held.block;
  const [first] = data;
  if (first !== undefined && parsedOnce(first).type === HeaderType.config) return held;
  const parts: DeliveredBlock['parts'] = partsWithoutData({ header, metadata });
  return { ...held, parts };
}

function firstBlock(start: SeekPosition, height: number): number {
  if (start.kind === 'block') return start.number;
  if (start.kind === 'oldest') return 0;
  return start.kind === 'newest' ? height - 1 : height;
}

function lastBlock(start: SeekPosition, stop: SeekPosition, first: number, height: number): number {
  if (stop.kind === 'block') return stop.number;
  if (stop.kind === 'newest') return start.kind === 'newest' ? first : height - 1;
  return first;
}
