import { equalBytes } from '@healthchain/core';
import { treeOf } from './channel-config.ts';
import { bftBlockValidation } from './genesis.ts';
import type { ChannelConfig } from './types.ts';

/**
 * Whether blocks are judged by exactly the quorum of the consenters that the configuration names. Fabric leaves it to who writes
 * the update; where the two differ, peers stop at the next block.
 */
export function hasQuorumPolicy(config: ChannelConfig): boolean {
  const policy = treeOf(config).groups.get('Orderer')?.policies.get('BlockValidation')?.policy;
  const { type, value } = bftBlockValidation(config.consenters);
  return policy?.type === type && equalBytes(policy.value, value);
}
