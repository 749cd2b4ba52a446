import { Metadata, type CallOptions, type Deadline, type ServiceError } from '@grpc/grpc-js';
import { Readable, Duplex } from 'node:stream';
import type { ConnectOptions } from '@hyperledger/fabric-gateway';
import type { CallRequest, CallStatus, CallTransport, OpenCall } from './transport.ts';
import { Code } from './status.ts';

/** The object for fabric-gateway's `connect({ client })`. */
export type GatewayClient = ConnectOptions['client'];

type Serialize<T> = (value: T) => Buffer;
type Deserialize<T> = (value: Buffer) => T;
type Callback<T> = (error: ServiceError | null, value?: T) => void;

let sessions = 0;

/**
 * A client of one organisation's gateway with a session of its own: it reads its own writes and never goes back. Deadlines
 * and cancellation end a call on both sides.
 */
export function createGatewayClient(transport: CallTransport, mspId: string): GatewayClient {
  sessions += 1;
  const session = sessions;
  const open = (
    kind: CallRequest['kind'],
    method: string,
    request: Uint8Array,
    options: CallOptions | undefined,
  ) => {
    const base = { target: { mspId }, method, kind, request, session };
    return (events: Parameters<CallTransport['open']>[1]) =>
      transport.open({ ...base, deadline: toMilliseconds(options?.deadline) }, events);
  };
  const client = {
    makeUnaryRequest<Q, A>(
      method: string,
      serialize: Serialize<Q>,
      deserialize: Deserialize<A>,
      argument: Q,
      ...rest: unknown[]
    ) {
      const { options, callback } = unaryArguments<A>(rest);
      return unary(open('unary', method, serialize(argument), options), deserialize, callback);
    },
    makeServerStreamRequest<Q, A>(
      method: string,
      serialize: Serialize<Q>,
      deserialize: Deserialize<A>,
      argument: Q,
      ...rest: unknown[]
    ) {
      return answerStream(open('serverStream', method, serialize(argument), optionsIn(rest)), deserialize);
    },
    makeBidiStreamRequest<Q, A>(
      method: string,
      serialize: Serialize<Q>,
      deserialize: Deserialize<A>,
      ...rest: unknown[]
    ) {
      return duplexStream(open('bidirectional', method, NOTHING, optionsIn(rest)), serialize, deserialize);
    },
    close: () => undefined,
    waitForReady: (_deadline: Deadline, callback: (error?: Error) => void) => callback(),
  };
  return client as unknown as GatewayClient;
}

type Open = (events: Parameters<CallTransport['open']>[1]) => OpenCall;
const NOTHING = new Uint8Array();

function unary<A>(open: Open, deserialize: Deserialize<A>, callback: Callback<A>) {
  let answer: Buffer | undefined;
  return open({
    message: (bytes) => {
      answer = asBuffer(bytes);
    },
    end: (status) => {
      if (status.code !== Code.OK) callback(serviceError(status));
      else callback(null, answer && deserialize(answer));
    },
  });
}

function answerStream<A>(open: Open, deserialize: Deserialize<A>): Readable & { cancel(): void } {
  const flow = flowOf(open);
  const stream = new Readable({ objectMode: true, read: () => flow.resume() });
  return withCall(stream, flow, deserialize);
}

function duplexStream<Q, A>(
  open: Open,
  serialize: Serialize<Q>,
  deserialize: Deserialize<A>,
): Duplex & { cancel(): void } {
  const flow = flowOf(open);
  const stream = new Duplex({
    objectMode: true,
    read: () => flow.resume(),
    write(message: Q, _encoding, done) {
      flow.call?.write(serialize(message));
      done();
    },
    final(done) {
      flow.call?.finish();
      done();
    },
  });
  return withCall(stream, flow, deserialize);
}

/** A call whose messages pause while its stream is full. */
interface Flow {
  call: OpenCall | undefined;
  readonly open: Open;
  pause(): void;
  resume(): void;
}

function flowOf(open: Open): Flow {
  let isPaused = false;
  return {
    call: undefined,
    open,
    pause() {
      if (!isPaused) this.call?.pause();
      isPaused = true;
    },
    resume() {
      if (isPaused) this.call?.resume();
      isPaused = false;
    },
  };
}

/** Ties a stream to a call: its messages, its end, and cancelling when the stream is given up. */
function withCall<S extends Readable, A>(
  stream: S,
  flow: Flow,
  deserialize: Deserialize<A>,
): S & { cancel(): void } {
  let hasEnded = false;
  const call = flow.open({
    message: (bytes) => {
      if (!stream.destroyed && !stream.push(deserialize(asBuffer(bytes)))) flow.pause();
    },
    end: (status) => {
      hasEnded = true;
      if (status.code === Code.OK) stream.push(null);
      else stream.destroy(serviceError(status));
    },
  });
  flow.call = call;
  stream.once('close', () => {
    if (!hasEnded) call.cancel();
  });
  return Object.assign(stream, { cancel: () => call.cancel() });
}

function serviceError(status: CallStatus): ServiceError {
  const metadata = new Metadata();
  if (status.details !== undefined) metadata.set('grpc-status-details-bin', Buffer.from(status.details));
  const name = Object.entries(Code).find(([, code]) => code === status.code)?.[0] ?? 'UNKNOWN';
  const error = new Error(`${status.code} ${name}: ${status.message}`);
  const properties: Record<string, unknown> = { code: status.code, details: status.message, metadata };
  return Object.assign(error, properties) as unknown as ServiceError;
}

function unaryArguments<A>(rest: unknown[]): { options: CallOptions | undefined; callback: Callback<A> } {
  const callback = rest.at(-1);
  if (typeof callback !== 'function') throw new TypeError('A unary request needs a callback');
  return { options: optionsIn(rest.slice(0, -1)), callback: callback as Callback<A> };
}

/** grpc-js lets metadata, options or both stand before the callback. */
function optionsIn(rest: unknown[]): CallOptions | undefined {
  return rest.find((value) => typeof value === 'object' && value !== null && !(value instanceof Metadata)) as
    | CallOptions
    | undefined;
}

function toMilliseconds(deadline: Deadline | undefined): number {
  if (deadline === undefined) return Number.POSITIVE_INFINITY;
  return deadline instanceof Date ? deadline.getTime() : deadline;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
