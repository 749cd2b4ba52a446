/** What one node is doing. */
export interface NodeStatus {
  readonly id: string;
  readonly kind: 'peer' | 'orderer';
  readonly mspId: string;
  readonly state: 'running' | 'paused' | 'stopped' | 'failed';
  /** Why a failed node stopped. */
  readonly reason?: string;
  readonly channels: readonly {
    readonly name: string;
    /** Number of blocks. */
    readonly height: number;
    readonly headerHash: string;
    readonly blockBytes: number;
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

/** A change of a channel's configuration; every member's administrator signs it. */
export type ConfigChange =
  | {
      readonly kind: 'batch';
      readonly limits: {
        readonly maxMessageCount?: number;
        readonly preferredMaxBytes?: number;
        readonly absoluteMaxBytes?: number;
      };
    }
  | { readonly kind: 'revocationList'; readonly mspId: string; readonly revocationList: Uint8Array };

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

export interface RepairReport {
  readonly blocks: readonly number[];
  readonly rows: readonly { readonly namespace: string; readonly key: string }[];
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
  /** Returns when the change is in force on all running peers of the channel. @throws LedgerError REFUSED */
  updateConfig(channel: string, change: ConfigChange): Promise<{ readonly blockNumber: number }>;
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
  /** Restores damaged blocks from other peers and damaged rows from the blocks. @throws LedgerError NOT_REPAIRABLE */
  repair(peer: string, channel: string): Promise<RepairReport>;
  /** Fsyncs of blocks and signing logs since the start. */
  counters(): Promise<{
    readonly fsyncs: number;
    readonly fsyncMs: readonly number[];
    readonly blocks: number;
  }>;
  close(): Promise<void>;
}
