export type * from './types.ts';
import type { ChannelConfig, GenesisDefinition, OrderingSchedule } from './types.ts';
import type { SignatureCheck } from '../policy/index.ts';

/** The marshalled common.Block 0. `nonce` and `timestamp` make it reproducible. */
export declare function createGenesisBlock(
  definition: GenesisDefinition,
  options: { readonly timestamp: Date; readonly nonce: Uint8Array },
): Uint8Array;
export declare function encodeSchedule(schedule: OrderingSchedule): Uint8Array;
export declare function decodeSchedule(config: ChannelConfig): OrderingSchedule;

/** How configurations check signatures of config updates; the default verifies in this thread. */
export interface ConfigOptions {
  readonly check?: SignatureCheck;
}
/** @throws LedgerError BAD_CONFIG */
export declare function channelConfigFromBlock(block: Uint8Array): ChannelConfig;
export declare function channelConfigFromEnvelope(
  channelId: string,
  configEnvelope: Uint8Array,
): ChannelConfig;

/**
 * What a CONFIG transaction in a block has to satisfy at a peer (configtx.Validator.Validate): sequence, signatures of its
 * update by the modification policies of `current`, and the result equal to the configuration it carries. Gives the next configuration.
 * @throws LedgerError CONFIG_REFUSED
 */
export declare function applyConfigEnvelope(
  current: ChannelConfig,
  configEnvelope: Uint8Array,
  options?: ConfigOptions,
): ChannelConfig;
/**
 * What an orderer does with a CONFIG_UPDATE envelope (bytes of common.Envelope): authorises it and gives the ConfigEnvelope to
 * be wrapped into a CONFIG transaction. @throws LedgerError CONFIG_REFUSED
 */
export declare function proposeConfigUpdate(
  current: ChannelConfig,
  envelope: Uint8Array,
  options?: ConfigOptions,
): Uint8Array;
/** The minimal ConfigUpdate (message bytes) from one Config message to another. @throws LedgerError CONFIG_REFUSED when nothing differs */
export declare function computeConfigUpdate(
  channelId: string,
  original: Uint8Array,
  updated: Uint8Array,
): Uint8Array;
/** ConfigUpdateEnvelope (bytes) with one signature per signer. */
export declare function signConfigUpdate(
  update: Uint8Array,
  signers: readonly {
    readonly identity: Uint8Array;
    sign(message: Uint8Array): Uint8Array;
    readonly nonce: Uint8Array;
  }[],
): Uint8Array;
/** Config messages with one thing changed; input and output are bytes of common.Config. */
export declare const configEdits: {
  addRevocationList(config: Uint8Array, mspId: string, crl: Uint8Array): Uint8Array;
  setBatchLimits(config: Uint8Array, limits: Partial<import('./types.ts').BatchLimits>): Uint8Array;
  addApplicationOrganisation(
    config: Uint8Array,
    organisation: import('./types.ts').GenesisOrganisation,
  ): Uint8Array;
  setConsenters(config: Uint8Array, consenters: readonly import('./types.ts').Consenter[]): Uint8Array;
};
/** The bytes of common.Config inside the configuration. */
export declare function configOf(config: ChannelConfig): Uint8Array;
