import { HeaderType } from '../ordering/index.ts';
import { checkAccess, encodeEvent, type CommittedBlock } from '../peer/index.ts';
import { WireWriter } from '../wire/index.ts';
import type { Delivery } from './deliver.ts';
import { ledgerOf, type GatewayNetwork } from './network.ts';

interface Form {
  /** The ACL resource of the service. */
  readonly resource: string;
  encode(block: CommittedBlock): Uint8Array;
}

/** What protos.Deliver gives. */
export const DELIVER_FORMS = {
  blocks: {
    resource: 'event/Block',
    encode: ({ parts }) => new WireWriter().presentParts(2, parts).finish(),
  },
  filtered: {
    resource: 'event/FilteredBlock',
    encode: (block) => new WireWriter().present(3, encodeFiltered(block)).finish(),
  },
} as const satisfies Readonly<Record<string, Form>>;

/** One of the peer's deliver services. */
export function deliveryOf(network: GatewayNetwork, form: Form): Delivery<CommittedBlock> {
  const { clock, verifier, mspId } = network;
  return {
    clock,
    source: (channelId) => ledgerOf(network, channelId),
    allows: async (config, signed) =>
      (await checkAccess({ config, verifier, mspId }, form.resource, signed)) === undefined,
    encode: (block) => form.encode(block),
  };
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
