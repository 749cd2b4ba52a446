import { createGatewayClient, type CallTransport } from '../gateway/index.ts';
import { applyChange, revoke } from './configure.ts';
import type {
  ChangedChannels,
  ConfigChange,
  EngineControl,
  MembershipRequest,
  OrganisationRequest,
  RevocationRequest,
  SignedBy,
  UpgradeReport,
  UpgradeRequest,
} from './control.ts';
import { approveAll, deploy, upgrade, type Deployment } from './deploy.ts';
import {
  addAuthority,
  addOrganisation,
  removeAuthority,
  removeOrganisation,
  type ChangePorts,
} from './membership.ts';
import type { Network } from './network.ts';
import type { RunningNodes } from './running-nodes.ts';

export interface ChangeSettings {
  readonly network: Network;
  readonly nodes: RunningNodes;
  readonly transport: CallTransport;
  start(node: string): Promise<void>;
  stop(node: string): Promise<void>;
  /** Lets running orderers follow the channel's newest configuration, with no other change of nodes meanwhile. */
  followConfig(channelId: string): Promise<void>;
}

type Changes = Pick<
  EngineControl,
  | 'deploy'
  | 'updateConfig'
  | 'revokeCertificate'
  | 'addOrganisation'
  | 'removeOrganisation'
  | 'addAuthority'
  | 'removeAuthority'
  | 'upgradeContract'
>;

/** What changes a running consortium, each by transactions that its members' administrators sign. */
export class ConsortiumChanges implements Changes {
  readonly #settings: ChangeSettings;
  readonly #deployment: Deployment;
  readonly #ports: ChangePorts;

  constructor(settings: ChangeSettings) {
    const { network, nodes, transport } = settings;
    const config = (channelId: string) => nodes.config(channelId);
    const settled = (channelId: string) => nodes.settled(channelId);
    const clientOf = (mspId: string) => createGatewayClient(transport, mspId);
    const deployment = { network, config, settled, clientOf };
    this.#settings = settings;
    this.#deployment = deployment;
    this.#ports = {
      network,
      config,
      settled,
      update: (channelId, change, signedBy) => this.updateConfig(channelId, change, signedBy),
      isRunning: (node) => nodes.isRunning(node),
      start: (node) => settings.start(node),
      stop: (node) => settings.stop(node),
      followConfig: (channelId) => settings.followConfig(channelId),
      approveContracts: (channelId, mspId) => approveAll(deployment, channelId, mspId),
    };
  }

  deploy(): Promise<void> {
    return deploy(this.#deployment);
  }

  updateConfig(channelId: string, change: ConfigChange, signedBy?: SignedBy) {
    const { network, nodes } = this.#settings;
    const peers = nodes.peers.filter((peer) => peer.channel(channelId) !== undefined);
    const orderers = nodes.endpoints(channelId);
    return applyChange({ network, channelId, peers, orderers }, change, signedBy);
  }

  revokeCertificate(request: RevocationRequest): Promise<ChangedChannels> {
    const { network, nodes } = this.#settings;
    return revoke(
      network,
      request,
      (channel) => nodes.config(channel),
      (channel, change) => this.updateConfig(channel, change),
    );
  }

  addOrganisation(request: OrganisationRequest): Promise<ChangedChannels> {
    return addOrganisation(this.#ports, request);
  }

  removeOrganisation(request: MembershipRequest): Promise<ChangedChannels> {
    return removeOrganisation(this.#ports, request);
  }

  addAuthority(request: MembershipRequest): Promise<ChangedChannels> {
    return addAuthority(this.#ports, request);
  }

  removeAuthority(request: MembershipRequest): Promise<ChangedChannels> {
    return removeAuthority(this.#ports, request);
  }

  upgradeContract(request: UpgradeRequest): Promise<UpgradeReport> {
    return upgrade(this.#deployment, request);
  }
}
