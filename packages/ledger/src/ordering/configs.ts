import { hash } from 'node:crypto';
import { channelConfigFromBlock, channelConfigFromEnvelope, type ChannelConfig } from '../config/index.ts';

/** Configurations kept by content: the ones in force on all channels of a process, and the last before them. */
const MAX_CONFIGS = 64;
const configs = new Map<string, ChannelConfig>();

/** A configuration is never changed, so all nodes of a process use one object of the same content. */
export function configFromBlockOnce(block: Uint8Array): ChannelConfig {
  return once(`block:${hash('sha256', block, 'base64')}`, () => {
    const config = channelConfigFromBlock(block);
    return configFromEnvelopeOnce(config.channelId, config.envelope);
  });
}

export function configFromEnvelopeOnce(channelId: string, envelope: Uint8Array): ChannelConfig {
  return once(`${channelId}:${hash('sha256', envelope, 'base64')}`, () =>
    channelConfigFromEnvelope(channelId, envelope),
  );
}

function once(key: string, make: () => ChannelConfig): ChannelConfig {
  const known = configs.get(key) ?? make();
  configs.delete(key);
  configs.set(key, known);
  const [oldest] = configs.keys();
  if (configs.size > MAX_CONFIGS && oldest !== undefined) configs.delete(oldest);
  return known;
}
