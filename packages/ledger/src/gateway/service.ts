import { isRefusedInput } from '../error.ts';
import type { CallContext } from './call.ts';
import { chaincodeEvents } from './chaincode-events.ts';
import { commitStatus } from './commit-status.ts';
import { broadcast, ordererDeliveryOf, type OrderingNode } from './atomic-broadcast.ts';
import { deliver } from './deliver.ts';
import { DELIVER_FORMS, deliveryOf } from './deliver-forms.ts';
import { DISCOVER, discover } from './discovery.ts';
import { endorse } from './endorse.ts';
import { evaluate } from './evaluate.ts';
import type { GatewayNetwork } from './network.ts';
import { processProposal } from './process-proposal.ts';
import { Code, RpcError } from './status.ts';
import { submit } from './submit.ts';

type Unary<N> = (node: N, context: CallContext, request: Uint8Array) => Promise<Uint8Array>;
type ServerStream<N> = (node: N, context: CallContext, request: Uint8Array) => AsyncGenerator<Uint8Array>;
type Bidirectional<N> = (
  node: N,
  context: CallContext,
  requests: AsyncIterable<Uint8Array>,
) => AsyncGenerator<Uint8Array>;
type Table<T> = Readonly<Record<string, T>>;

/** What a kind of node answers, by the method's full name: '/gateway.Gateway/Evaluate'. */
interface Methods<N> {
  readonly unary: Table<Unary<N>>;
  readonly serverStream: Table<ServerStream<N>>;
  readonly bidirectional: Table<Bidirectional<N>>;
}

const PEER_METHODS: Methods<GatewayNetwork> = {
  unary: {
    '/gateway.Gateway/Evaluate': evaluate,
    '/gateway.Gateway/Endorse': endorse,
    '/gateway.Gateway/Submit': submit,
    '/gateway.Gateway/CommitStatus': commitStatus,
    '/protos.Endorser/ProcessProposal': processProposal,
    [DISCOVER]: discover,
  },
  serverStream: { '/gateway.Gateway/ChaincodeEvents': chaincodeEvents },
  bidirectional: {
    '/protos.Deliver/Deliver': (network, context, requests) =>
      deliver(deliveryOf(network, DELIVER_FORMS.blocks), context, requests),
    '/protos.Deliver/DeliverFiltered': (network, context, requests) =>
      deliver(deliveryOf(network, DELIVER_FORMS.filtered), context, requests),
    '/protos.Deliver/DeliverWithPrivateData': refusePrivateData,
  },
};

function refusePrivateData(): never {
  throw new RpcError(Code.UNIMPLEMENTED, 'there is no private data here: use Deliver');
}

const ORDERER_METHODS: Methods<OrderingNode> = {
  unary: {},
  serverStream: {},
  bidirectional: {
    '/orderer.AtomicBroadcast/Broadcast': broadcast,
    '/orderer.AtomicBroadcast/Deliver': (node, context, requests) =>
      deliver(ordererDeliveryOf(node), context, requests),
  },
};

/** What a node answers, by kind of call: each kind's methods, by full name. */
export const METHODS = {
  peer: namesOf(PEER_METHODS),
  orderer: namesOf(ORDERER_METHODS),
};

/** One node's services: messages in, messages out, both as bytes; every failure is an RpcError. */
export interface NodeService {
  unary(method: string, request: Uint8Array, context: CallContext): Promise<Uint8Array>;
  serverStream(method: string, request: Uint8Array, context: CallContext): AsyncGenerator<Uint8Array>;
  bidirectional(
    method: string,
    requests: AsyncIterable<Uint8Array>,
    context: CallContext,
  ): AsyncGenerator<Uint8Array>;
}

/** The services of a peer: Gateway, Endorser and Deliver. */
export function peerService(network: GatewayNetwork): NodeService {
  return serviceOf(PEER_METHODS, network);
}

/** The service of an orderer: AtomicBroadcast. */
export function ordererService(node: OrderingNode): NodeService {
  return serviceOf(ORDERER_METHODS, node);
}

function serviceOf<N>(methods: Methods<N>, node: N): NodeService {
  return {
    async unary(method, request, context) {
      try {
        return await find(methods.unary, method)(node, context, request);
      } catch (error) {
        throw toRpcError(error, context);
      }
    },
    async *serverStream(method, request, context) {
      try {
        yield* find(methods.serverStream, method)(node, context, request);
      } catch (error) {
        throw toRpcError(error, context);
      }
    },
    async *bidirectional(method, requests, context) {
      try {
        yield* find(methods.bidirectional, method)(node, context, requests);
      } catch (error) {
        throw toRpcError(error, context);
      }
    },
  };
}

function find<T>(table: Table<T>, method: string): T {
  const handler = Object.hasOwn(table, method) ? table[method] : undefined;
  if (handler === undefined) throw new RpcError(Code.UNIMPLEMENTED, `unknown method ${method}`);
  return handler;
}

function namesOf<N>({ unary, serverStream, bidirectional }: Methods<N>) {
  return {
    unary: Object.keys(unary),
    serverStream: Object.keys(serverStream),
    bidirectional: Object.keys(bidirectional),
  };
}

/** What is no answer of a rule is our bug: the client learns that, and no more. */
function toRpcError(error: unknown, context: CallContext): RpcError {
  if (error instanceof RpcError) return error;
  if (context.ending.reason instanceof RpcError) return context.ending.reason;
  if (isRefusedInput(error)) return new RpcError(Code.INVALID_ARGUMENT, error.message);
  process.emitWarning(error instanceof Error ? error : String(error), { code: 'LEDGER_GATEWAY_BUG' });
  return new RpcError(Code.INTERNAL, 'internal error of the gateway');
}
