import * as grpc from '@grpc/grpc-js';
import { startTestNetwork, type TestNetwork } from '../engine/testing.ts';
import { listen, type Listener } from './index.ts';

/** A deployed network that listens, and clients of its nodes. */
export interface Listening {
  readonly network: TestNetwork;
  readonly listener: Listener;
  /** A TLS client that trusts North's TLS CA unless told another. */
  client(node: string, root?: string): grpc.Client;
  clientAt(address: string, credentials: grpc.ChannelCredentials): grpc.Client;
  close(): Promise<void>;
}

/** The name that the nodes' certificates are checked against; each client has a connection of its own. */
const BY_NAME = { 'grpc.ssl_target_name_override': 'localhost', 'grpc.use_local_subchannel_pool': 1 };

export async function startListening(): Promise<Listening> {
  const network = await startTestNetwork();
  const listener = await listen(network.engine);
  const clients: grpc.Client[] = [];
  const clientAt = (address: string, credentials: grpc.ChannelCredentials) => {
    const client = new grpc.Client(address, credentials, BY_NAME);
    clients.push(client);
    return client;
  };
  return {
    network,
    listener,
    client: (node, root = network.engine.network.tlsRoot('NorthMSP')) =>
      clientAt(listener.addresses.get(node) ?? '', grpc.credentials.createSsl(Buffer.from(root))),
    clientAt,
    async close() {
      for (const client of clients) client.close();
      await listener.close();
      await network.close();
    },
  };
}

const asIs = (bytes: Buffer) => bytes;

export function unary(client: grpc.Client, method: string, request: Uint8Array): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(method, asIs, asIs, Buffer.from(request), (error, answer) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });
}

export function open(client: grpc.Client, method: string): grpc.ClientDuplexStream<Buffer, Buffer> {
  return client.makeBidiStreamRequest(method, asIs, asIs);
}

/** Sends all requests, says that there are no more, and collects the answers. */
export async function converse(
  client: grpc.Client,
  method: string,
  ...requests: Buffer[]
): Promise<Buffer[]> {
  const call = open(client, method);
  for (const request of requests) call.write(request);
  call.end();
  const answers: Buffer[] = [];
  for await (const answer of call) answers.push(answer as Buffer);
  return answers;
}
