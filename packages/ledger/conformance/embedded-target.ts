import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { createNetwork, startEngine, type Engine } from '../src/engine/index.ts';
import { listen } from '../src/listener/index.ts';
import { chaincode } from './chaincode.ts';
import { identities, revocationList } from './identities.ts';
import { ABSOLUTE_MAX_BYTES, CONTRACTS, DEFINITION, EMBEDDED, EMBEDDED_OVER_TLS } from './target.ts';
import type { MspId, Target } from './target.ts';

/** Fabric's own limit for one message. */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;

/** How the engine is reached: by the client object of its own, or over TLS at its listener. */
export type Transport = 'inproc' | 'grpc';

/** Starts the embedded engine over a network in a folder under the system's temporary one, in this thread. */
export async function embeddedTarget(transport: Transport): Promise<Target> {
  const directory = await mkdtemp(join(tmpdir(), 'healthchain-embedded-'));
  const batch = { preferredMaxBytes: ABSOLUTE_MAX_BYTES / 2, absoluteMaxBytes: ABSOLUTE_MAX_BYTES };
  const channels = DEFINITION.channels.map((channel) => ({ ...channel, batch }));
  const definition = { organisations: [...DEFINITION.organisations], channels };
  const network = await createNetwork({ directory, definition, now: new Date() });
  const chaincodes = Object.fromEntries(Object.values(CONTRACTS).map((name) => [name, chaincode]));
  const engine = await startEngine({ directory, chaincodes, worker: false });
  await engine.deploy();
  const reached = transport === 'inproc' ? undefined : await overTls(engine);
  const authorityOf = async (mspId: MspId) => network.authority(mspId);
  const nameOf = (mspId: MspId) => network.organisation(mspId).name;
  return {
    name: transport === 'inproc' ? EMBEDDED : EMBEDDED_OVER_TLS,
    client: (mspId) => reached?.client(mspId) ?? engine.client(mspId),
    identity: identities(authorityOf),
    revocationList: (mspId, certificates) => revocationList(authorityOf, mspId, certificates),
    stopPeer: (mspId) => engine.stop(`peer0.${nameOf(mspId)}`),
    startPeer: (mspId) => engine.start(`peer0.${nameOf(mspId)}`),
    stopOrderer: (mspId) => engine.stop(`orderer0.${nameOf(mspId)}`),
    startOrderer: (mspId) => engine.start(`orderer0.${nameOf(mspId)}`),
    close: async () => {
      await reached?.close();
      await engine.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** One connection to each organisation's first peer; its certificate is checked against the peer's own name. */
async function overTls(engine: Engine) {
  const { network } = engine;
  const listener = await listen(engine);
  const clients = new Map(
    network.definition.organisations.map(({ name, mspId, domain }) => {
      const address = listener.addresses.get(`peer0.${name}`) ?? '';
      const credentials = grpc.credentials.createSsl(Buffer.from(network.tlsRoot(mspId)));
      return [
        mspId,
        new grpc.Client(address, credentials, {
          'grpc.ssl_target_name_override': `peer0.${domain}`,
          'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
        }),
      ];
    }),
  );
  return {
    client: (mspId: MspId) => clients.get(mspId),
    async close() {
      for (const client of clients.values()) client.close();
      await listener.close();
    },
  };
}
