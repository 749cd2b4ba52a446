import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Network } from '../engine/index.ts';
import { writeMsp } from '../fabric/material.ts';
import type { Listener } from './listen.ts';

const PRIVATE_FOLDER = { recursive: true, mode: 0o700 } as const;

/** Fabric's programs want a configuration file; what they need stands in the environment. */
const CORE_YAML = `peer:
  BCCSP:
    Default: SW
    SW:
      Hash: SHA2
      Security: 256
`;

/** Warnings, and at which peers a transaction was committed. */
const LOGGING = 'warning:chaincodeCmd=info';

/**
 * Writes what Fabric's clients need into `folder`, in place of what was there: for each organisation its administrator's MSP
 * folder, the certificate of its TLS CA, and `peer.env`, which a shell reads before it runs Fabric's `peer`. Holds private
 * keys: readable by the owner alone.
 */
export async function writeConnectionFolder(
  network: Network,
  { addresses }: Listener,
  folder: string,
): Promise<void> {
  const root = resolve(folder);
  await rm(root, { recursive: true, force: true });
  await mkdir(root, PRIVATE_FOLDER);
  await writeFile(join(root, 'core.yaml'), CORE_YAML);
  for (const { name, mspId } of network.organisations) {
    const roots = {
      authority: network.authority(mspId),
      tlsAuthority: { certificate: network.tlsRoot(mspId) },
    };
    await mkdir(join(root, name), PRIVATE_FOLDER);
    await writeFile(tlsRootFile(root, name), roots.tlsAuthority.certificate);
    await writeMsp(join(root, name, 'msp'), roots, network.admin(mspId));
    await writeFile(join(root, name, 'peer.env'), environment(root, network, addresses, { name, mspId }));
  }
}

function environment(
  root: string,
  network: Network,
  addresses: Listener['addresses'],
  { name, mspId }: { readonly name: string; readonly mspId: string },
): string {
  const firstOf = (kind: 'peer' | 'orderer') => network.nodes.filter(({ id }) => id.startsWith(`${kind}0.`));
  const endorsers = firstOf('peer').map(
    ({ id, organisation }) =>
      `--peerAddresses ${addresses.get(id)} --tlsRootCertFiles ${tlsRootFile(root, organisation)}`,
  );
  const orderers = firstOf('orderer');
  const orderer = orderers.find(({ organisation }) => organisation === name) ?? orderers[0];
  const variables = {
    FABRIC_CFG_PATH: root,
    CORE_PEER_LOCALMSPID: mspId,
    CORE_PEER_MSPCONFIGPATH: join(root, name, 'msp'),
    CORE_PEER_ADDRESS: addresses.get(`peer0.${name}`) ?? '',
    CORE_PEER_TLS_ENABLED: 'true',
    CORE_PEER_TLS_ROOTCERT_FILE: tlsRootFile(root, name),
    FABRIC_LOGGING_SPEC: LOGGING,
    /** For `peer chaincode invoke`: whom to ask for endorsements, and where to send the transaction. */
    ENDORSERS: endorsers.join(' '),
    ORDERER:
      orderer === undefined
        ? ''
        : `-o ${addresses.get(orderer.id)} --tls --cafile ${tlsRootFile(root, orderer.organisation)}`,
  };
  const lines = Object.entries(variables).map(([key, value]) => `export ${key}='${value}'\n`);
  return lines.join('');
}

function tlsRootFile(root: string, organisation: string): string {
  return join(root, organisation, 'tlsca.pem');
}
