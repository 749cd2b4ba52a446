import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Engine, KeyPair, NodeStatus } from '../engine/index.ts';
import { writeMsp } from '../fabric/material.ts';
import type { Listener } from './listen.ts';

export interface ConnectionFolderOptions {
  /** Emptied first. Holds private keys afterwards: readable by the owner alone. */
  readonly folder: string;
  /** Whom each organisation's files speak for; the ledger's administrator unless said otherwise. */
  readonly identityOf?: (mspId: string) => Promise<KeyPair>;
}

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

/** A node that runs, where it listens, and the file of its TLS CA. */
interface ReachableNode {
  readonly status: NodeStatus;
  readonly address: string;
  readonly tlsRootFile: string;
}

/**
 * Writes what Fabric's clients need: for each organisation an MSP folder, the certificate of its TLS CA, and `peer.env`, which
 * a shell reads before it runs Fabric's `peer`.
 */
export async function writeConnectionFolder(
  engine: Engine,
  { addresses }: Listener,
  { folder, identityOf = (mspId) => Promise.resolve(engine.network.admin(mspId)) }: ConnectionFolderOptions,
): Promise<void> {
  const { network } = engine;
  const root = resolve(folder);
  await rm(root, { recursive: true, force: true });
  await mkdir(root, PRIVATE_FOLDER);
  await writeFile(join(root, 'core.yaml'), CORE_YAML);
  const tlsRootFile = (mspId: string) => join(root, network.organisation(mspId).name, 'tlsca.pem');
  const nodes = (await engine.status()).flatMap((node): ReachableNode[] => {
    const address = addresses.get(node.id);
    return address === undefined ? [] : [{ status: node, address, tlsRootFile: tlsRootFile(node.mspId) }];
  });
  for (const { name, mspId } of network.organisations) {
    const own = join(root, name);
    const tlsAuthority = { certificate: network.tlsRoot(mspId) };
    await mkdir(own, PRIVATE_FOLDER);
    await writeFile(tlsRootFile(mspId), tlsAuthority.certificate);
    const roots = { authority: network.authority(mspId), tlsAuthority };
    await writeMsp(join(own, 'msp'), roots, await identityOf(mspId));
    const variables = {
      FABRIC_CFG_PATH: root,
      FABRIC_LOGGING_SPEC: LOGGING,
      CORE_PEER_LOCALMSPID: mspId,
      CORE_PEER_MSPCONFIGPATH: join(own, 'msp'),
      CORE_PEER_ADDRESS: addresses.get(`peer0.${name}`) ?? '',
      CORE_PEER_TLS_ENABLED: 'true',
      CORE_PEER_TLS_ROOTCERT_FILE: tlsRootFile(mspId),
      ...channelArguments(nodes, mspId),
    };
    await writeFile(join(own, 'peer.env'), exports(variables));
  }
}

/**
 * For each channel the arguments of `peer` that name an orderer, the own one if there is one, and one peer of each member:
 * `CARE_ORDERER`, `CARE_ENDORSERS`.
 */
function channelArguments(nodes: readonly ReachableNode[], mspId: string): Record<string, string> {
  const channels = new Set(nodes.flatMap(({ status }) => status.channels.map(({ name }) => name)));
  const pairs = [...channels].flatMap((channel): [string, string][] => {
    const joined = nodes.filter(({ status }) => status.channels.some(({ name }) => name === channel));
    const orderers = joined.filter(({ status }) => status.kind === 'orderer');
    const orderer = orderers.find(({ status }) => status.mspId === mspId) ?? orderers[0];
    const peers = joined.filter(({ status: { kind, id } }) => kind === 'peer' && id.startsWith('peer0.'));
    const variable = channel.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
    return [
      [`${variable}_ORDERER`, orderer ? `-o ${orderer.address} --tls --cafile ${orderer.tlsRootFile}` : ''],
      [
        `${variable}_ENDORSERS`,
        peers
          .map((peer) => `--peerAddresses ${peer.address} --tlsRootCertFiles ${peer.tlsRootFile}`)
          .join(' '),
      ],
    ];
  });
  return Object.fromEntries(pairs);
}

/** Lines that a shell reads. */
function exports(variables: Readonly<Record<string, string>>): string {
  const quoted = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join('');
}
