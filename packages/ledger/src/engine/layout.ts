import { join } from 'node:path';
import type { OrganisationDefinition } from './definition.ts';

export const PEER_PORT = 7051;
export const ORDERER_PORT = 7050;

/** A peer or an orderer of an organisation. */
export interface NodeName {
  /** 'peer0.north' */
  readonly id: string;
  readonly kind: 'peer' | 'orderer';
  readonly mspId: string;
  readonly organisation: string;
  /** 'peer0.north.test' */
  readonly host: string;
}

export function nodesOf(organisation: OrganisationDefinition): NodeName[] {
  return [
    ...nodesOfKind(organisation, 'peer', organisation.peers),
    ...nodesOfKind(organisation, 'orderer', organisation.orderers),
  ];
}

export function addressOf(node: NodeName): string {
  return `${node.host}:${node.kind === 'peer' ? PEER_PORT : ORDERER_PORT}`;
}

function nodesOfKind(
  organisation: OrganisationDefinition,
  kind: NodeName['kind'],
  count: number,
): NodeName[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${kind}${i}.${organisation.name}`,
    kind,
    mspId: organisation.mspId,
    organisation: organisation.name,
    host: `${kind}${i}.${organisation.domain}`,
  }));
}

/** Where everything of a network lies under its directory. */
export const layout = {
  network: (directory: string) => join(directory, 'network.json'),
  genesis: (directory: string, channel: string) => join(directory, 'channels', `${channel}.block`),
  /** Key pairs: `<name>.pem` and `<name>.key`. */
  organisation: (directory: string, name: string) => join(directory, 'organisations', name),
  /** Organisations that came after the founding, and founding ones whose nodes became more. */
  keptOrganisations: (directory: string) => join(directory, 'organisations.json'),
  /** A node's own data; nothing else writes there. */
  node: (directory: string, id: string) => join(directory, 'nodes', id),
  /** What a node keeps of a channel; it exists once the node has joined. */
  nodeChannel: (directory: string, id: string, channel: string) => join(directory, 'nodes', id, channel),
} as const;
