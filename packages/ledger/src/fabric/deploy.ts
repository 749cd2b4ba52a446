import { fileURLToPath } from 'node:url';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { command, flags } from './command.ts';
import { FabricError } from './errors.ts';
import { places } from './layout.ts';
import type { FabricChannel, FabricContract, FabricOrganisation, Layout, OrdererNode } from './layout.ts';
import { adminEnvironment, peerOf } from './node-environment.ts';
import { chaincodePackage } from './package.ts';
import type { ChaincodePackage } from './package.ts';
import type { Processes } from './processes.ts';
import type { FabricPrograms } from './programs.ts';

/** Where the code of a contract is: a module's URL and the name of its `{ Init, Invoke }` export. */
export interface ChaincodeSource {
  readonly module: string;
  readonly export: string;
}

export interface Deployment {
  readonly layout: Layout;
  readonly programs: FabricPrograms;
  readonly processes: Processes;
}

const WORKER = fileURLToPath(new URL('./chaincode.worker.ts', import.meta.url));

/** The name under which the chaincode process of one organisation runs. */
function chaincodeProcess(contract: string, organisation: FabricOrganisation): string {
  return `${contract}.${organisation.name}`;
}

/** Packages the contract, starts one process per organisation and installs the package on every peer. */
export async function installContract(
  { layout, programs, processes }: Deployment,
  contract: { name: string; version: string },
  source: ChaincodeSource,
): Promise<ChaincodePackage> {
  const made = chaincodePackage(contract);
  const file = places.package(layout, contract.name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, made.bytes);
  for (const organisation of layout.definition.organisations) {
    startChaincode({ layout, processes }, organisation, contract.name, made.id, source);
  }
  await Promise.all(
    layout.definition.organisations.map((organisation) =>
      command(
        programs.paths.peer,
        ['lifecycle', 'chaincode', 'install', file],
        adminEnvironment(layout, organisation),
      ),
    ),
  );
  return made;
}

function startChaincode(
  { layout, processes }: Pick<Deployment, 'layout' | 'processes'>,
  organisation: FabricOrganisation,
  contract: string,
  packageId: string,
  source: ChaincodeSource,
): void {
  const port = peerOf(layout, organisation.mspId).contractPorts[contract];
  if (port === undefined) throw new FabricError('FABRIC_DEFINITION', `no port was reserved for ${contract}`);
  processes.start(chaincodeProcess(contract, organisation), {
    path: process.execPath,
    args: [WORKER, `127.0.0.1:${port}`, packageId, source.module, source.export],
    env: { NODE_ENV: 'production', CORE_PEER_LOCALMSPID: organisation.mspId },
  });
}

/** Approves the definition for every member and commits it; when this returns the definition is in a valid block of all. */
export async function defineContract(
  { layout, programs }: Pick<Deployment, 'layout' | 'programs'>,
  channel: FabricChannel,
  contract: FabricContract,
  options: { readonly packageId: string; readonly sequence?: number },
): Promise<void> {
  const members = layout.definition.organisations.filter(({ mspId }) => channel.members.includes(mspId));
  const definition = [
    ...flags({
      channelID: channel.name,
      name: contract.name,
      version: contract.version,
      sequence: String(options.sequence ?? 1),
      'signature-policy': contract.endorsement,
    }),
    ...ordererFlags(layout),
  ];
  const lifecycle = (organisation: FabricOrganisation, ...args: string[]) =>
    command(programs.paths.peer, ['lifecycle', 'chaincode', ...args], adminEnvironment(layout, organisation));

  await Promise.all(
    members.map((member) =>
      lifecycle(member, 'approveformyorg', ...definition, '--package-id', options.packageId),
    ),
  );
  const [first] = members;
  if (first === undefined)
    throw new FabricError('FABRIC_DEFINITION', `channel ${channel.name} has no members`);
  await lifecycle(first, 'commit', ...definition, ...members.flatMap((member) => peerFlags(layout, member)));
}

function ordererFlags(layout: Layout): string[] {
  const [orderer] = layout.orderers as readonly [OrdererNode];
  return [
    '--orderer',
    `127.0.0.1:${orderer.port}`,
    '--tls',
    '--cafile',
    join(places.node(layout, orderer), 'tls', 'ca.crt'),
  ];
}

function peerFlags(layout: Layout, member: FabricOrganisation): string[] {
  const peer = peerOf(layout, member.mspId);
  const root = join(places.node(layout, peer), 'tls', 'ca.crt');
  return ['--peerAddresses', `127.0.0.1:${peer.port}`, '--tlsRootCertFiles', root];
}
