import { isRefusedInput } from '../error.ts';
import type { CallContext } from './call.ts';
import { chaincodeEvents } from './chaincode-events.ts';
import { commitStatus } from './commit-status.ts';
import { deliver, DELIVER_FORMS } from './deliver.ts';
import { endorse } from './endorse.ts';
import { evaluate } from './evaluate.ts';
import type { GatewayNetwork } from './network.ts';
import { Code, RpcError } from './status.ts';
import { submit } from './submit.ts';

type Unary = (network: GatewayNetwork, context: CallContext, request: Uint8Array) => Promise<Uint8Array>;
type ServerStream = (
  network: GatewayNetwork,
  context: CallContext,
  request: Uint8Array,
) => AsyncGenerator<Uint8Array>;
type Bidirectional = (
  network: GatewayNetwork,
  context: CallContext,
  requests: AsyncIterable<Uint8Array>,
) => AsyncGenerator<Uint8Array>;

const UNARY: Readonly<Record<string, Unary>> = {
  '/gateway.Gateway/Evaluate': evaluate,
  '/gateway.Gateway/Endorse': endorse,
  '/gateway.Gateway/Submit': submit,
  '/gateway.Gateway/CommitStatus': commitStatus,
};

const SERVER_STREAM: Readonly<Record<string, ServerStream>> = {
  '/gateway.Gateway/ChaincodeEvents': chaincodeEvents,
};

const BIDIRECTIONAL: Readonly<Record<string, Bidirectional>> = Object.fromEntries(
  Object.entries(DELIVER_FORMS).map(([name, form]): [string, Bidirectional] => [
    `/protos.Deliver/${name}`,
    (network, context, requests) => deliver(network, context, form, requests),
  ]),
);

/** One organisation's gateway: messages in, messages out, both as bytes; every failure is an RpcError. */
export class GatewayService {
  readonly #network: GatewayNetwork;

  constructor(network: GatewayNetwork) {
    this.#network = network;
  }

  async unary(method: string, request: Uint8Array, context: CallContext): Promise<Uint8Array> {
    try {
      return await find(UNARY, method)(this.#network, context, request);
    } catch (error) {
      throw toRpcError(error, context);
    }
  }

  async *serverStream(method: string, request: Uint8Array, context: CallContext): AsyncGenerator<Uint8Array> {
    try {
      yield* find(SERVER_STREAM, method)(this.#network, context, request);
    } catch (error) {
      throw toRpcError(error, context);
    }
  }

  async *bidirectional(
    method: string,
    requests: AsyncIterable<Uint8Array>,
    context: CallContext,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* find(BIDIRECTIONAL, method)(this.#network, context, requests);
    } catch (error) {
      throw toRpcError(error, context);
    }
  }
}

function find<T>(table: Readonly<Record<string, T>>, method: string): T {
  const handler = Object.hasOwn(table, method) ? table[method] : undefined;
  if (handler === undefined) throw new RpcError(Code.UNIMPLEMENTED, `unknown method ${method}`);
  return handler;
}

/** What is no answer of a rule is our bug: the client learns that, and no more. */
function toRpcError(error: unknown, context: CallContext): RpcError {
  if (error instanceof RpcError) return error;
  if (context.signal.reason instanceof RpcError) return context.signal.reason;
  if (isRefusedInput(error)) return new RpcError(Code.INVALID_ARGUMENT, error.message);
  process.emitWarning(error instanceof Error ? error : String(error), { code: 'LEDGER_GATEWAY_BUG' });
  return new RpcError(Code.INTERNAL, 'internal error of the gateway');
}
