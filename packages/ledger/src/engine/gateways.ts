import type { Verifier } from '../crypto/index.ts';
import {
  ordererService,
  peerService,
  type CallTarget,
  type GatewayNetwork,
  type NodeService,
} from '../gateway/index.ts';
import type { NodeName } from './layout.ts';
import type { Network } from './network.ts';
import type { RunningNodes } from './running-nodes.ts';

interface Shared {
  readonly verifier: Verifier;
  readonly clock: () => Date;
}

/**
 * Who answers a call: the gateway of an organisation that this machine holds keys of, or a node itself; undefined while the
 * node does not run.
 */
export function gatewaysOf(
  network: Network,
  nodes: RunningNodes,
  shared: Shared,
): (target: CallTarget) => NodeService | undefined {
  const gateways = new Map<string, NodeService>();
  const gatewayOf = (mspId: string) => {
    const known = gateways.get(mspId);
    if (known !== undefined || network.organisations.every((own) => own.mspId !== mspId)) return known;
    const service = peerService(networkOf(nodes, shared, mspId));
    gateways.set(mspId, service);
    return service;
  };
  return (target) => {
    if ('mspId' in target) return gatewayOf(target.mspId);
    const node = network.nodes.find(({ id }) => id === target.node);
    return node === undefined || !nodes.isRunning(node.id) ? undefined : nodeService(nodes, shared, node);
  };
}

function nodeService(nodes: RunningNodes, shared: Shared, { id, kind, mspId }: NodeName): NodeService {
  if (kind === 'peer') return peerService(networkOf(nodes, shared, mspId, id));
  return ordererService({ ...shared, channel: (channelId) => nodes.orderer(id)?.channels.get(channelId) });
}

function networkOf(nodes: RunningNodes, shared: Shared, mspId: string, peer?: string): GatewayNetwork {
  return {
    ...shared,
    mspId,
    peer,
    peers: () => nodes.peers,
    config: (channelId) => nodes.config(channelId),
    orderers: (channelId) => nodes.endpoints(channelId),
  };
}
