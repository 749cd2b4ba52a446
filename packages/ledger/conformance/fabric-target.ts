import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFabric } from '../src/fabric/index.ts';
import type { Consensus, FabricNetwork } from '../src/fabric/index.ts';
import { identities, revocationList } from './identities.ts';
import type { AuthorityOf } from './identities.ts';
import { ABSOLUTE_MAX_BYTES, CONTRACTS, DEFINITION } from './target.ts';
import type { MspId, Target } from './target.ts';

const CHAINCODE = { module: new URL('./chaincode.ts', import.meta.url).href, export: 'chaincode' };

/** Starts a Fabric network in a folder under the system's temporary one; its logs stay there. */
export async function fabricTarget(
  consensus: Consensus,
): Promise<Target & { readonly network: FabricNetwork }> {
  const network = await startFabric({
    directory: await mkdtemp(join(tmpdir(), `healthchain-${consensus}-`)),
    consensus,
    definition: definitionFor(consensus),
    chaincodes: Object.fromEntries(Object.values(CONTRACTS).map((name) => [name, CHAINCODE])),
    batch: {
      timeout: '200ms',
      maxMessages: 500,
      preferredMaxBytes: '1 MB',
      absoluteMaxBytes: `${ABSOLUTE_MAX_BYTES / 1024 / 1024} MB`,
    },
  });
  const nameOf = (mspId: MspId) => DEFINITION.organisations.find((each) => each.mspId === mspId)?.name;
  return {
    name: `fabric ${network.programs.version} ${consensus}`,
    network,
    client: (mspId) => network.client(mspId),
    identity: identities(authorityOf(network)),
    revocationList: (mspId, certificates) => revocationList(authorityOf(network), mspId, certificates),
    stopPeer: (mspId) => network.stop(`peer0.${nameOf(mspId)}`),
    startPeer: (mspId) => network.start(`peer0.${nameOf(mspId)}`),
    stopOrderer: (mspId) => network.stop(`orderer0.${nameOf(mspId)}`),
    startOrderer: (mspId) => network.start(`orderer0.${nameOf(mspId)}`),
    close: async () => {
      await network.close();
      await rm(join(network.layout.directory, 'data'), { recursive: true });
    },
  };
}

/** Fabric's BFT wants four orderers: the authority runs two. */
function definitionFor(consensus: Consensus) {
  const organisations = DEFINITION.organisations.map((organisation) => ({
    ...organisation,
    orderers: consensus === 'bft' && organisation.mspId === 'AuthorityMSP' ? 2 : organisation.orderers,
  }));
  return { ...DEFINITION, organisations };
}

function authorityOf({ material }: FabricNetwork): AuthorityOf {
  return async (mspId) => {
    const made = material.find(({ organisation }) => organisation.mspId === mspId);
    if (made === undefined) throw new Error(`no material of ${mspId}`);
    return made.authority;
  };
}
