import {
  Server,
  ServerCredentials,
  type MethodDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { METHODS } from '../gateway/index.ts';
import { bidirectionalCall, serverStreamCall, unaryCall, type Node } from './calls.ts';
import { limited } from './concurrency.ts';
import {
  KEEPALIVE_INTERVAL_MS,
  KEEPALIVE_TIMEOUT_MS,
  MAX_MESSAGE_BYTES,
  MAX_STREAMS_PER_CONNECTION,
} from './limits.ts';

const OPTIONS = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_concurrent_streams': MAX_STREAMS_PER_CONNECTION,
  'grpc.keepalive_time_ms': KEEPALIVE_INTERVAL_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
} as const;

/** A connection that Node has ended itself is never reported as closed: it is not waited for any longer. */
const CLOSE_LIMIT_MS = 1000;

/** All PEM. */
export interface ServerTls {
  readonly certificate: string;
  readonly privateKey: string;
  /** Of the authorities whose client certificates count. */
  readonly clientRoots: string;
}

export interface NodeServer {
  readonly port: number;
  /** Ends every call and every connection. */
  close(): Promise<void>;
}

/** Opens one node's port. @throws Error of the system when the port is taken */
export async function startNodeServer(
  node: Node,
  kind: keyof typeof METHODS,
  tls: ServerTls,
  at: { readonly host: string; readonly port: number },
): Promise<NodeServer> {
  const server = new Server(OPTIONS);
  addMethods(server, { ...node, transport: limited(node.transport) }, METHODS[kind]);
  const pair = { cert_chain: Buffer.from(tls.certificate), private_key: Buffer.from(tls.privateKey) };
  const credentials = ServerCredentials.createSsl(Buffer.from(tls.clientRoots), [pair], node.bindsClients);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${at.host}:${at.port}`, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        const giveUp = setTimeout(resolve, CLOSE_LIMIT_MS);
        server.tryShutdown(() => {
          clearTimeout(giveUp);
          resolve();
        });
        server.forceShutdown();
      }),
  };
}

/** Messages pass as the bytes they are: the node's services decode them, once. */
function addMethods(server: Server, node: Node, methods: (typeof METHODS)['peer']): void {
  const definition: Record<string, MethodDefinition<Buffer, Buffer>> = {};
  const handlers: UntypedServiceImplementation = {};
  for (const method of methods.unary) {
    definition[method] = methodOf(method, { requestStream: false, responseStream: false });
    handlers[method] = unaryCall(node, method);
  }
  for (const method of methods.serverStream) {
    definition[method] = methodOf(method, { requestStream: false, responseStream: true });
    handlers[method] = serverStreamCall(node, method);
  }
  for (const method of methods.bidirectional) {
    definition[method] = methodOf(method, { requestStream: true, responseStream: true });
    handlers[method] = bidirectionalCall(node, method);
  }
  server.addService(definition, handlers);
}

function methodOf(
  path: string,
  streams: { readonly requestStream: boolean; readonly responseStream: boolean },
): MethodDefinition<Buffer, Buffer> {
  const asIs = (bytes: Buffer) => bytes;
  return {
    path,
    ...streams,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}
