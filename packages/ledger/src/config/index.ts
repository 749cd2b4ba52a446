export { localResourceRole } from './acl.ts';
export { channelConfigFromBlock, channelConfigFromEnvelope } from './channel-config.ts';
export { computeConfigUpdate, signConfigUpdate, type UpdateSigner } from './compute.ts';
export { configEdits, configOf } from './edits.ts';
export { createGenesisBlock } from './genesis.ts';
export {
  dataOfType,
  decodeBlockParts,
  decodeChannelHeader,
  decodeConfigEnvelope,
  decodeEnvelope,
  decodePair,
  decodePayload,
  decodeSignatureHeader,
  encodePair,
  HEADER_TYPE,
  type ChannelHeader,
  type Envelope,
  type Payload,
  type SignatureHeader,
} from './messages.ts';
export { decodeSchedule, encodeSchedule } from './schedule.ts';
export type {
  ApplicationOrganisation,
  BatchLimits,
  ChannelConfig,
  Consenter,
  GenesisDefinition,
  GenesisOrganisation,
  OrderingSchedule,
} from './types.ts';
export { applyConfigEnvelope, proposeConfigUpdate, type ConfigOptions } from './update.ts';
