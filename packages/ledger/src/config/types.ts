import type { IdentityManager } from '../msp/index.ts';
import type { Policy, PolicyManager } from '../policy/index.ts';

export interface Consenter {
  readonly id: number;
  readonly mspId: string;
  readonly host: string;
  readonly port: number;
  /** PEM of the certificate that signs blocks. */
  readonly identity: string;
  readonly clientTlsCert: string;
  readonly serverTlsCert: string;
}

export interface BatchLimits {
  readonly maxMessageCount: number;
  readonly absoluteMaxBytes: number;
  readonly preferredMaxBytes: number;
  readonly timeoutMs: number;
}

interface ApplicationOrganisation {
  readonly name: string;
  readonly mspId: string;
  readonly anchorPeers: readonly { readonly host: string; readonly port: number }[];
}

/** One configuration of one channel, decoded once and never changed. */
export interface ChannelConfig {
  readonly channelId: string;
  readonly sequence: bigint;
  /** The ConfigEnvelope it was made from. */
  readonly envelope: Uint8Array;
  readonly identities: IdentityManager;
  readonly policies: PolicyManager;
  readonly capabilities: {
    readonly channel: ReadonlySet<string>;
    readonly orderer: ReadonlySet<string>;
    readonly application: ReadonlySet<string>;
  };
  readonly consensus: { readonly type: string; readonly metadata: Uint8Array; readonly maintenance: boolean };
  /** From the Orderers value (BFT); empty with etcdraft, whose consenters stand in the metadata. */
  readonly consenters: readonly Consenter[];
  readonly batch: BatchLimits;
  readonly organisations: readonly ApplicationOrganisation[];
  readonly ordererMspIds: readonly string[];
  readonly ordererEndpoints: readonly { readonly mspId: string; readonly address: string }[];
  /**
   * The policy that guards a resource ('peer/Propose', 'qscc/GetBlockByNumber', 'event/Block', …): the channel's ACL or
   * Fabric's default. Undefined: a resource that Fabric does not know, to be refused.
   */
  aclPolicy(resource: string): Policy | undefined;
}

/** The schedule of our own ordering; travels as ConsensusType.metadata, which Fabric's peers do not interpret. */
export interface OrderingSchedule {
  readonly schedule: 'round-robin';
}

export interface GenesisOrganisation {
  readonly name: string;
  readonly mspId: string;
  /** MSPConfig message of encodeMspConfig. */
  readonly mspConfig: Uint8Array;
  readonly anchorPeers?: readonly { readonly host: string; readonly port: number }[];
  readonly ordererEndpoints?: readonly string[];
}

export interface GenesisDefinition {
  readonly channelId: string;
  readonly organisations: readonly GenesisOrganisation[];
  readonly ordererOrganisations: readonly GenesisOrganisation[];
  readonly consensus:
    | { readonly type: 'BFT'; readonly metadata: Uint8Array; readonly consenters: readonly Consenter[] }
    | { readonly type: 'etcdraft'; readonly metadata: Uint8Array };
  readonly batch: BatchLimits;
  readonly capabilities?: {
    readonly channel: string;
    readonly orderer: string;
    readonly application: string;
  };
}
