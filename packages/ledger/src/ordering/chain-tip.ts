import type { ChannelConfig } from '../config/index.ts';
import { blockHeaderHash } from '../validation/index.ts';
import { decodeBlock, type RawBlock } from './block.ts';
import type { BlockStore } from './block-store.ts';
import { configFromBlockOnce, configFromEnvelopeOnce } from './configs.ts';
import { HeaderType } from './envelope.ts';
import { parsedOnce } from './parsed.ts';
import { decodeOrderingValue, openBlock } from './turn-metadata.ts';

/** What the next block is built on, and by whose rules. */
export interface ChainTip {
  /** Number of the next block. */
  readonly height: number;
  readonly previousHash: Uint8Array;
  /** Number of the last block with a configuration. */
  readonly lastConfig: number;
  readonly config: ChannelConfig;
}

/** Of a store that holds block 0 at least. */
export async function tipOf(store: BlockStore): Promise<ChainTip> {
  const last = decodeBlock(await store.block(store.height - 1));
  const lastConfig = last.header.number === 0n ? 0 : decodeOrderingValue(openBlock(last).value).lastConfig;
  return {
    height: store.height,
    previousHash: blockHeaderHash(last.header),
    lastConfig,
    config: configFromBlockOnce(await store.block(lastConfig)),
  };
}

/** `config` is the same object as before unless the block changes it. */
export function tipAfter(tip: ChainTip, block: RawBlock): ChainTip {
  const number = Number(block.header.number);
  const next = { ...tip, height: number + 1, previousHash: blockHeaderHash(block.header) };
  const [envelope] = block.data;
  if (envelope === undefined || !isConfigBlock(block.data)) return next;
  const config = configFromEnvelopeOnce(tip.config.channelId, parsedOnce(envelope).data);
  return { ...next, lastConfig: number, config };
}

/** Where the last configuration stands once a block of `data` is the next one. */
export function lastConfigWith(tip: ChainTip, data: readonly Uint8Array[]): number {
  return isConfigBlock(data) ? tip.height : tip.lastConfig;
}

export function isConfigBlock(data: readonly Uint8Array[]): boolean {
  const [first] = data;
  return first !== undefined && parsedOnce(first).type === HeaderType.config;
}
