import type { FileFinding } from './inspect.ts';
import type { ConfigLevel, Consenter, GenesisOrganisation } from '../config/index.ts';

export interface Replay {
  readonly channel: string;
  /** Blocks that the state has applied. */
  readonly done: number;
  readonly total: number;
}

/** What one node is doing. */
export interface NodeStatus {
  readonly id: string;
  readonly kind: 'peer' | 'orderer';
  readonly mspId: string;
  readonly state: 'running' | 'paused' | 'starting' | 'stopped' | 'failed';
  /** Of a starting peer: the blocks that its state follows. */
  readonly replay?: Replay;
  /** Why a failed node stopped. */
  readonly reason?: string;
  readonly channels: readonly {
    readonly name: string;
    /** Number of blocks. */
    readonly height: number;
    readonly headerHash: string;
    readonly blockBytes: number;
    /** Damage that a reader of this peer has met: it is to be repaired, and others answer in its place meanwhile. */
    readonly damage?: string;
    /** Requests that wait at an orderer. */
    readonly waiting?: number;
  }[];
}

export interface RevocationRequest {
  readonly mspId: string;
  /** PEM of the certificate to be revoked. */
  readonly certificate: string;
  /** All channels of the organisation unless given. */
  readonly channels?: readonly string[];
}

/** A change of a channel's configuration. */
export type ConfigChange =
  | {
      readonly kind: 'batch';
      readonly limits: {
        readonly maxMessageCount?: number;
        readonly preferredMaxBytes?: number;
        readonly absoluteMaxBytes?: number;
      };
    }
  | { readonly kind: 'revocationList'; readonly mspId: string; readonly revocationList: Uint8Array }
  | { readonly kind: 'addOrganisation'; readonly organisation: GenesisOrganisation }
  /** As a member; what it orders is another matter. */
  | { readonly kind: 'removeOrganisation'; readonly mspId: string }
  | {
      readonly kind: 'authorities';
      /** All of them from then on. Organisations that none belongs to leave the Orderer section. */
      readonly consenters: readonly Consenter[];
      /** That comes into the Orderer section with its first consenter. */
      readonly organisation?: GenesisOrganisation;
    }
  | { readonly kind: 'capabilities'; readonly level: ConfigLevel; readonly names: readonly string[] }
  /** `rule`: "OutOf(2,'NorthMSP.admin',…)" */
  | {
      readonly kind: 'policy';
      readonly level: ConfigLevel;
      readonly name: string;
      readonly rule: string;
    };

/** MSP ids whose administrators sign; everybody's who may, unless given. */
export type SignedBy = readonly string[];

/** Where a change is in force from which block on. */
export type ChangedChannels = readonly { readonly channel: string; readonly blockNumber: number }[];

export interface OrganisationRequest {
  readonly name: string;
  readonly mspId: string;
  readonly domain: string;
  readonly channels: readonly string[];
  readonly signedBy?: SignedBy;
}

export interface MembershipRequest {
  readonly mspId: string;
  /** All that it concerns unless given. */
  readonly channels?: readonly string[];
  readonly signedBy?: SignedBy;
}

export interface UpgradeRequest {
  readonly channel: string;
  readonly contract: string;
  readonly version: string;
  /** "OutOf(2,'NorthMSP.peer',…)"; as it is unless given. */
  readonly endorsement?: string;
  /** MSP ids that approve; all members unless given. What others approved before counts too. */
  readonly approvedBy?: readonly string[];
}

export interface UpgradeReport {
  readonly sequence: number;
  /** What CheckCommitReadiness answered before the commit, by MSP id. */
  readonly approvals: Readonly<Record<string, boolean>>;
}

export interface StateSnapshot {
  readonly id: number;
  /** Number of blocks whose effects it shows. */
  readonly height: number;
}

export interface StatePage {
  readonly rows: readonly {
    readonly namespace: string;
    readonly key: string;
    readonly value: Uint8Array;
    readonly version: { readonly block: bigint; readonly transaction: bigint };
  }[];
  readonly damaged: readonly { readonly namespace: string; readonly key: string }[];
  readonly isLast: boolean;
}

/** What was found in the files of one node's part in one channel, and what became of it. */
export interface RepairReport {
  readonly channel: string;
  readonly findings: readonly FileFinding[];
  /** Blocks that came from other peers. */
  readonly blocks: readonly number[];
  /** Rows of the state that came from the blocks. */
  readonly rows: readonly { readonly namespace: string; readonly key: string }[];
  /** State, history and indexes were made again from the blocks. */
  readonly isStateRebuilt: boolean;
  /** The authority does not know all it has signed: it takes part again from this height on. */
  readonly silentBelow?: number;
}

export interface RebuildReport {
  readonly channel: string;
  readonly blocks: number;
  readonly transactions: number;
}

/** What is asked of a running engine beside the gateways. Arguments and answers survive a structured clone. */
export interface EngineControl {
  status(): Promise<readonly NodeStatus[]>;
  /** Stops a peer or orderer ('peer0.north') gracefully; its data stays. @throws LedgerError UNKNOWN_NODE */
  stop(node: string): Promise<void>;
  /** Returns when it answers; it catches up by itself. */
  start(node: string): Promise<void>;
  /** A peer takes no more blocks but goes on answering from the state it has. */
  pause(node: string): Promise<void>;
  resume(node: string): Promise<void>;
  /** Brings every contract of the definition onto its channels by transactions of the organisations' administrators. */
  deploy(): Promise<void>;
  /**
   * Computes the update that leads to the change, lets administrators sign it, and orders it. Returns when it is in force on
   * all running peers of the channel. @throws LedgerError CONFIG_REFUSED when it changes nothing; REFUSED with the orderers'
   * answer, after which nothing has changed
   */
  updateConfig(
    channel: string,
    change: ConfigChange,
    signedBy?: SignedBy,
  ): Promise<{ readonly blockNumber: number }>;
  /**
   * Makes an organisation's CAs, administrator and peer, brings it into the channels and joins its peer, which has caught up on
   * return and whose administrator has approved the channels' contracts. Run again, it goes on where it stopped.
   * @throws LedgerError REFUSED, BAD_DEFINITION
   */
  addOrganisation(request: OrganisationRequest): Promise<ChangedChannels>;
  /** Its peers get no more blocks and its identities are unknown from then on. @throws LedgerError REFUSED */
  removeOrganisation(request: MembershipRequest): Promise<ChangedChannels>;
  /** Makes the organisation's orderer a consenter, which orders on return. @throws LedgerError REFUSED */
  addAuthority(request: MembershipRequest): Promise<ChangedChannels>;
  /** @throws LedgerError REFUSED, also when those left could not order or bear a crash */
  removeAuthority(request: MembershipRequest): Promise<ChangedChannels>;
  /**
   * The next definition of a committed contract: approvals, CheckCommitReadiness, commit endorsed by those who approved.
   * @throws LedgerError REFUSED when the channel's LifecycleEndorsement is not satisfied; the approvals stay
   */
  upgradeContract(request: UpgradeRequest): Promise<UpgradeReport>;
  /** Puts the certificate onto the organisation's revocation list on its channels. */
  revokeCertificate(
    request: RevocationRequest,
  ): Promise<readonly { readonly channel: string; readonly blockNumber: number }[]>;
  /** Marshalled common.Block of a running peer. @throws LedgerError NOT_FOUND, BLOCK_CORRUPT */
  block(peer: string, channel: string, number: number): Promise<Uint8Array>;
  /** Fixes a running peer's live state for `stateRows`, while the peer goes on; to be closed. @throws LedgerError NOT_FOUND, REFUSED */
  openSnapshot(peer: string, channel: string): Promise<StateSnapshot>;
  /** Rows of a snapshot after a given one, in order of namespace and key. @throws LedgerError NOT_FOUND once it is closed */
  stateRows(
    snapshot: number,
    after?: { readonly namespace: string; readonly key: string },
  ): Promise<StatePage>;
  closeSnapshot(snapshot: number): Promise<void>;
  /**
   * Stops one node, restores what is damaged in its files (blocks from other nodes, rows and state from the blocks), and starts it
   * again; one report for each of its channels, or for the one named. @throws LedgerError UNKNOWN_NODE, NOT_FOUND, NOT_REPAIRABLE
   */
  repair(node: string, channel?: string): Promise<readonly RepairReport[]>;
  /**
   * Makes a peer's state, history and indexes again from its blocks, validating each; meanwhile the peer does not answer and
   * `status` tells how far it is. @throws LedgerError UNKNOWN_NODE, NOT_FOUND
   */
  rebuild(peer: string, channel?: string): Promise<readonly RebuildReport[]>;
  /** Fsyncs of blocks and signing logs since the start. */
  counters(): Promise<{
    readonly fsyncs: number;
    readonly fsyncMs: readonly number[];
    readonly blocks: number;
  }>;
  close(): Promise<void>;
}
