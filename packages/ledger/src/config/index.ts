export { localResourceRole } from './acl.ts';
export { channelConfigFromBlock, channelConfigFromEnvelope } from './channel-config.ts';
export { hasQuorumPolicy } from './block-validation.ts';
export { computeConfigUpdate, signConfigUpdate } from './compute.ts';
export { configEdits, configOf, type ConfigLevel } from './edits.ts';
export { createGenesisBlock } from './genesis.ts';
export { consenterIdOf, isMember, organisationsOf } from './membership.ts';
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
  type Payload,
  type SignatureHeader,
} from './messages.ts';
export { decodeSchedule, encodeSchedule } from './schedule.ts';
export type { BatchLimits, ChannelConfig, Consenter, GenesisOrganisation } from './types.ts';
export { applyConfigEnvelope, proposeConfigUpdate } from './update.ts';
