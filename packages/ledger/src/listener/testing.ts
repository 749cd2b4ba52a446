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

/** The name that the nodes' certificates are checked against. */
const BY_NAME = { 'grpc.ssl_target_name_override': 'localhost' };

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

/** Sends all requests, says that there are no more, and collects the answers. */
export async function converse(
  client: grpc.Client,
  method: string,
  ...requests: Buffer[]
): Promise<Buffer[]> {
  const call = client.makeBidiStreamRequest(method, asIs, asIs);
  for (const request of requests) call.write(request);
  call.end();
  const answers: Buffer[] = [];
  for await (const answer of call) answers.push(answer as Buffer);
  return answers;
}
