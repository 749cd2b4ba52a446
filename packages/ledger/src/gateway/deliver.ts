import { LedgerError } from '../error.ts';
import { fields } from '../ordering/turn-metadata.ts';
import { HeaderType, Status } from '../ordering/index.ts';
import { checkAccess, encodeEvent, type CommittedBlock, type PeerChannel } from '../peer/index.ts';
import { WireWriter } from '../wire/index.ts';
import { reasonOf, type CallContext } from './call.ts';
import { ledgerOf, type GatewayNetwork } from './network.ts';
import { decodePosition, type SeekPosition } from './requests.ts';

/** Fabric's peer.authentication.timewindow for deliver requests. */
const TIME_WINDOW_MS = 15 * 60 * 1000;

interface Form {
  /** The ACL resource of the service. */
  readonly resource: string;
  encode(block: CommittedBlock): Uint8Array;
}

/** The three services of protos.Deliver, by method. */
export const DELIVER_FORMS = {
  Deliver: { resource: 'event/Block', encode: (block) => new WireWriter().present(2, block.bytes).finish() },
  DeliverFiltered: {
    resource: 'event/FilteredBlock',
    encode: (block) => new WireWriter().present(3, encodeFiltered(block)).finish(),
  },
  /** There is no private data: the map is empty. */
  DeliverWithPrivateData: {
    resource: 'event/Block',
    encode: (block) =>
      new WireWriter().present(4, new WireWriter().present(1, block.bytes).finish()).finish(),
  },
} as const satisfies Readonly<Record<string, Form>>;

interface Seek {
  readonly channelId: string;
  readonly creator: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly at: Date | undefined;
  readonly start: SeekPosition | undefined;
  readonly stop: SeekPosition | undefined;
  readonly failsIfNotReady: boolean;
}

/** Fabric's deliver handler: one seek request after the other, each ended by a status. */
export async function* deliver(
  network: GatewayNetwork,
  context: CallContext,
  form: Form,
  requests: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const request of requests) {
    const status = yield* deliverBlocks(network, context, form, request);
    yield new WireWriter().uint(1, status).finish();
    if (status !== Status.SUCCESS) return;
  }
}

async function* deliverBlocks(
  network: GatewayNetwork,
  context: CallContext,
  form: Form,
  request: Uint8Array,
): AsyncGenerator<Uint8Array, number> {
  const seek = decodeSeek(request);
  if (seek === undefined || !isTimely(network, seek)) return Status.BAD_REQUEST;
  const ledger = ledgerOf(network, seek.channelId);
  if (ledger === undefined) return Status.NOT_FOUND;
  if (!(await isAllowed(network, ledger, form, seek))) return Status.FORBIDDEN;
  if (seek.start === undefined || seek.stop === undefined) return Status.BAD_REQUEST;
  const first = firstBlock(seek.start, ledger.height);
  const last = lastBlock(seek.start, seek.stop, first, ledger.height);
  if (last < first) return Status.BAD_REQUEST;
  if (seek.failsIfNotReady && first >= ledger.height) return Status.NOT_FOUND;
  return yield* blocks(network, context, form, seek, { first, last });
}

async function* blocks(
  network: GatewayNetwork,
  context: CallContext,
  form: Form,
  seek: Seek,
  range: { readonly first: number; readonly last: number },
): AsyncGenerator<Uint8Array, number> {
  let next = range.first;
  let sequence: bigint | undefined;
  while (!context.signal.aborted) {
    const ledger = ledgerOf(network, seek.channelId);
    if (ledger === undefined) return Status.SERVICE_UNAVAILABLE;
    for await (const block of ledger.follow(next, context.signal)) {
      const isChanged = sequence !== ledger.config.sequence;
      sequence = ledger.config.sequence;
      if (isExpired(network, ledger, seek)) return Status.FORBIDDEN;
      if (isChanged && !(await isAllowed(network, ledger, form, seek))) return Status.FORBIDDEN;
      next = block.number + 1;
      context.session.note(seek.channelId, next);
      yield form.encode(block);
      if (block.number >= range.last) return Status.SUCCESS;
      if (seek.failsIfNotReady && next >= ledger.height) return Status.NOT_FOUND;
    }
  }
  throw reasonOf(context.signal);
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
    };
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

function isTimely(network: GatewayNetwork, seek: Seek): boolean {
  return seek.at !== undefined && Math.abs(seek.at.getTime() - network.clock().getTime()) <= TIME_WINDOW_MS;
}

function isExpired(network: GatewayNetwork, ledger: PeerChannel, seek: Seek): boolean {
  try {
    return network.clock() > ledger.config.identities.deserialize(seek.creator).notAfter;
  } catch {
    return true;
  }
}

async function isAllowed(
  network: GatewayNetwork,
  ledger: PeerChannel,
  form: Form,
  seek: Seek,
): Promise<boolean> {
  const signed = { data: seek.payload, identity: seek.creator, signature: seek.signature };
  if (isExpired(network, ledger, seek)) return false;
  const context = { config: ledger.config, verifier: network.verifier, mspId: network.mspId };
  return (await checkAccess(context, form.resource, signed)) === undefined;
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

/** peer.FilteredBlock */
function encodeFiltered(block: CommittedBlock): Uint8Array {
  const writer = new WireWriter();
  const channelId = block.transactions.at(-1)?.channelId ?? '';
  writer.string(1, channelId).uint(2, block.number);
  for (const [i, transaction] of block.transactions.entries()) {
    const filtered = new WireWriter()
      .string(1, transaction.txId)
      .uint(2, transaction.type)
      .uint(3, block.codes[i] ?? 255);
    if (transaction.type === HeaderType.endorserTransaction) {
      filtered.present(4, encodeActions(transaction.action?.event));
    }
    writer.present(4, filtered.finish());
  }
  return writer.finish();
}

/** peer.FilteredTransactionActions: the event without its payload. */
function encodeActions(
  event: { readonly chaincodeId: string; readonly transactionId: string; readonly name: string } | undefined,
): Uint8Array {
  if (event === undefined || event.chaincodeId === '') return new Uint8Array();
  const origin = { chaincode: { name: event.chaincodeId }, txId: event.transactionId };
  const message = encodeEvent(origin, { name: event.name, payload: new Uint8Array() });
  return new WireWriter().present(1, new WireWriter().present(1, message).finish()).finish();
}
