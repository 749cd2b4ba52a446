import { WireWriter } from '../wire/index.ts';
import { encodeEvent, type CommittedBlock, type PeerChannel } from '../peer/index.ts';
import { reasonOf, type CallContext } from './call.ts';
import { mustHaveAccess } from './commit-status.ts';
import { ledgerOf, type GatewayNetwork } from './network.ts';
import {
  decodeChaincodeEventsRequest,
  decodeSignedRequest,
  type ChaincodeEventsRequest,
} from './requests.ts';
import { Code, RpcError } from './status.ts';

interface Event {
  readonly txId: string;
  readonly chaincode: string;
  readonly message: Uint8Array;
}

/** Fabric's Gateway.ChaincodeEvents: per block, the events of valid transactions of one chaincode. */
export async function* chaincodeEvents(
  network: GatewayNetwork,
  context: CallContext,
  bytes: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const { request: encoded, signature } = decodeSignedRequest(bytes);
  if (encoded.length === 0)
    throw new RpcError(Code.INVALID_ARGUMENT, 'a chaincode events request is required');
  const request = decodeChaincodeEventsRequest(encoded);
  const { channelId, identity } = request;
  await mustHaveAccess(network, channelId, 'gateway/ChaincodeEvents', { data: encoded, identity, signature });
  const matches = matcher(request);
  let next = startBlock(ledgerOf(network, channelId), request);
  while (!context.ending.hasCome) {
    const ledger = ledgerOf(network, channelId);
    if (ledger === undefined) throw new RpcError(Code.UNAVAILABLE, 'no peer of the channel is running');
    for await (const block of ledger.follow(next, context.ending.signal)) {
      next = block.number + 1;
      context.session.note(channelId, next);
      const events = eventsOf(block).filter(matches);
      if (events.length > 0) yield encodeEvents(block.number, events);
    }
  }
  throw reasonOf(context.ending);
}

function startBlock(ledger: PeerChannel | undefined, request: ChaincodeEventsRequest): number {
  if (ledger === undefined) throw new RpcError(Code.NOT_FOUND, `channel ${request.channelId} not found`);
  const after = request.afterTransactionId === '' ? undefined : ledger.place(request.afterTransactionId);
  if (after !== undefined) return after.block;
  const { start } = request;
  if (start === undefined || start.kind === 'next') return ledger.height;
  if (start.kind === 'block') return start.number;
  throw new RpcError(Code.INVALID_ARGUMENT, `invalid start position type: ${start.kind}`);
}

/** Events of the chaincode; after a transaction id only those that follow it. */
function matcher(request: ChaincodeEventsRequest): (event: Event) => boolean {
  let hasPassed = request.afterTransactionId === '';
  return (event) => {
    if (hasPassed) return event.chaincode === request.chaincode;
    hasPassed = event.txId === request.afterTransactionId;
    return false;
  };
}

function eventsOf(block: CommittedBlock): Event[] {
  return block.transactions.flatMap((transaction, i) => {
    const event = transaction.action?.event;
    if (block.codes[i] !== 0 || event === undefined || event.chaincodeId === '') return [];
    const origin = { chaincode: { name: event.chaincodeId }, txId: event.transactionId };
    const message = encodeEvent(origin, { name: event.name, payload: event.payload });
    return [{ txId: event.transactionId, chaincode: event.chaincodeId, message }];
  });
}

function encodeEvents(number: number, events: readonly Event[]): Uint8Array {
  const writer = new WireWriter();
  for (const event of events) writer.present(1, event.message);
  return writer.uint(2, number).finish();
}
