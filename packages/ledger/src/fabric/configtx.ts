import { join } from 'node:path';
import { places } from './layout.ts';
import type { FabricChannel, FabricOrganisation, Layout, OrdererNode } from './layout.ts';

/** What configtxgen reads, as JSON: JSON is YAML, and nothing has to be quoted by hand. */
export interface BatchLimits {
  /** Go duration, for example `200ms`. */
  readonly timeout: string;
  readonly maxMessages: number;
  readonly preferredMaxBytes: string;
  readonly absoluteMaxBytes: string;
}

export const DEFAULT_BATCH: BatchLimits = {
  timeout: '200ms',
  maxMessages: 500,
  preferredMaxBytes: '2 MB',
  absoluteMaxBytes: '64 MB',
};

const meta = (rule: string) => ({ Type: 'ImplicitMeta', Rule: rule });
const signature = (rule: string) => ({ Type: 'Signature', Rule: rule });

const CHANNEL_POLICIES = {
  Readers: meta('ANY Readers'),
  Writers: meta('ANY Writers'),
  Admins: meta('MAJORITY Admins'),
};
const APPLICATION_POLICIES = {
  ...CHANNEL_POLICIES,
  Endorsement: meta('MAJORITY Endorsement'),
  LifecycleEndorsement: meta('MAJORITY Endorsement'),
};
const ORDERER_POLICIES = { ...CHANNEL_POLICIES, BlockValidation: meta('ANY Writers') };

/** The profile of one channel (its name is the channel's name), for `configtxgen -profile <channel> -configPath …`. */
export function configtx(layout: Layout, batch: BatchLimits): string {
  const profiles = Object.fromEntries(
    layout.definition.channels.map((channel) => [channel.name, profile(layout, channel, batch)]),
  );
  return JSON.stringify({ Profiles: profiles }, undefined, 2);
}

function profile(layout: Layout, channel: FabricChannel, batch: BatchLimits) {
  const members = layout.definition.organisations.filter(({ mspId }) => channel.members.includes(mspId));
  const authorities = layout.definition.organisations.filter(({ orderers }) => orderers > 0);
  return {
    Policies: CHANNEL_POLICIES,
    Capabilities: { V3_0: true },
    Orderer: {
      ...ordering(layout, batch),
      Organizations: authorities.map((organisation) => authority(layout, organisation)),
      Policies: ORDERER_POLICIES,
      Capabilities: { V2_0: true },
    },
    Application: {
      Organizations: members.map((organisation) => member(layout, organisation)),
      Policies: APPLICATION_POLICIES,
      Capabilities: { V2_5: true },
    },
  };
}

/** NodeOUs decide: a peer reads but proposes nothing, and an orderer is nothing to the application. */
const READERS = {
  member: ['admin', 'peer', 'client'],
  authority: ['admin', 'orderer', 'peer', 'client'],
} as const;
const WRITERS = { member: ['admin', 'client'], authority: ['admin', 'orderer', 'client'] } as const;

function base(layout: Layout, organisation: FabricOrganisation, as: 'member' | 'authority') {
  const { mspId } = organisation;
  const anyOf = (roles: readonly string[]) =>
    signature(`OR(${roles.map((role) => `'${mspId}.${role}'`).join(',')})`);
  return {
    Name: mspId,
    ID: mspId,
    MSPDir: join(places.organisation(layout, organisation), 'msp'),
    Policies: {
      Readers: anyOf(READERS[as]),
      Writers: anyOf(WRITERS[as]),
      Admins: anyOf(['admin']),
      Endorsement: anyOf(['peer']),
    },
  };
}

function member(layout: Layout, organisation: FabricOrganisation) {
  const anchors = layout.peers.filter((peer) => peer.organisation === organisation);
  return {
    ...base(layout, organisation, 'member'),
    AnchorPeers: anchors.map(({ port }) => ({ Host: '127.0.0.1', Port: port })),
  };
}

function authority(layout: Layout, organisation: FabricOrganisation) {
  const own = layout.orderers.filter((orderer) => orderer.organisation === organisation);
  return {
    ...base(layout, organisation, 'authority'),
    OrdererEndpoints: own.map(({ port }) => `127.0.0.1:${port}`),
  };
}

function ordering(layout: Layout, batch: BatchLimits) {
  return {
    BatchTimeout: batch.timeout,
    BatchSize: {
      MaxMessageCount: batch.maxMessages,
      PreferredMaxBytes: batch.preferredMaxBytes,
      AbsoluteMaxBytes: batch.absoluteMaxBytes,
    },
    ...(layout.consensus === 'raft' ? raft(layout) : bft(layout, batch)),
  };
}

function raft(layout: Layout) {
  return {
    OrdererType: 'etcdraft',
    EtcdRaft: {
      Consenters: layout.orderers.map((orderer) => ({ ...address(orderer), ...tls(layout, orderer) })),
      Options: {
        TickInterval: '100ms',
        ElectionTick: 10,
        HeartbeatTick: 1,
        MaxInflightBlocks: 5,
        SnapshotIntervalSize: '16 MB',
      },
    },
  };
}

function bft(layout: Layout, batch: BatchLimits) {
  return {
    OrdererType: 'BFT',
    SmartBFT: {
      RequestBatchMaxInterval: batch.timeout,
      RequestForwardTimeout: '1s',
      RequestComplainTimeout: '3s',
      RequestAutoRemoveTimeout: '3m0s',
      ViewChangeResendInterval: '1s',
      ViewChangeTimeout: '5s',
      LeaderHeartbeatTimeout: '5s',
      LeaderHeartbeatCount: 10,
      CollectTimeout: '1s',
      IncomingMessageBufferSize: 200,
      RequestPoolSize: 100_000,
    },
    ConsenterMapping: layout.orderers.map((orderer, index) => ({
      ID: index + 1,
      ...address(orderer),
      ...tls(layout, orderer),
      MSPID: orderer.organisation.mspId,
      Identity: join(places.node(layout, orderer), 'msp', 'signcerts', 'cert.pem'),
    })),
  };
}

function address({ port }: OrdererNode) {
  return { Host: '127.0.0.1', Port: port };
}

function tls(layout: Layout, orderer: OrdererNode) {
  const certificate = join(places.node(layout, orderer), 'tls', 'server.crt');
  return { ClientTLSCert: certificate, ServerTLSCert: certificate };
}
