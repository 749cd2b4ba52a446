import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNetwork, startEngine } from '../src/engine/index.ts';
import { chaincode } from './chaincode.ts';
import { identities, revocationList } from './identities.ts';
import { ABSOLUTE_MAX_BYTES, CONTRACTS, DEFINITION, EMBEDDED } from './target.ts';
import type { MspId, Target } from './target.ts';

/** Starts the embedded engine over a network in a folder under the system's temporary one, in this thread. */
export async function embeddedTarget(): Promise<Target> {
  const directory = await mkdtemp(join(tmpdir(), 'healthchain-embedded-'));
  const batch = { preferredMaxBytes: ABSOLUTE_MAX_BYTES / 2, absoluteMaxBytes: ABSOLUTE_MAX_BYTES };
  const channels = DEFINITION.channels.map((channel) => ({ ...channel, batch }));
  const definition = { organisations: [...DEFINITION.organisations], channels };
  const network = await createNetwork({ directory, definition, now: new Date() });
  const chaincodes = Object.fromEntries(Object.values(CONTRACTS).map((name) => [name, chaincode]));
  const engine = await startEngine({ directory, chaincodes, worker: false });
  await engine.deploy();
  const authorityOf = async (mspId: MspId) => network.authority(mspId);
  const nameOf = (mspId: MspId) => network.organisation(mspId).name;
  return {
    name: EMBEDDED,
    client: (mspId) => engine.client(mspId),
    identity: identities(authorityOf),
    revocationList: (mspId, certificates) => revocationList(authorityOf, mspId, certificates),
    stopPeer: (mspId) => engine.stop(`peer0.${nameOf(mspId)}`),
    startPeer: (mspId) => engine.start(`peer0.${nameOf(mspId)}`),
    stopOrderer: (mspId) => engine.stop(`orderer0.${nameOf(mspId)}`),
    startOrderer: (mspId) => engine.start(`orderer0.${nameOf(mspId)}`),
    close: async () => {
      await engine.close();
      await rm(directory, { recursive: true });
    },
  };
}
