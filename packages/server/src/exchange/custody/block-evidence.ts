import { fromBase64, toHex } from '@healthchain/core';
import { checkBlockProof, type ChannelConfig } from '@healthchain/ledger';
import type { CustodyClient } from './client.ts';

const EVIDENCE_DEADLINE_MS = 1_000;

/**
 * custody's `LedgerView.shown`: asks another organisation for a block that it says it has, and takes nothing but what the orderers
 * of the channel, as the own peer's blocks configure it, have signed.
 */
export function blockEvidence(options: {
  readonly channel: string;
  readonly others: readonly Pick<CustodyClient, 'mspId' | 'call'>[];
  readonly config: () => ChannelConfig | undefined;
}): (mspId: string, height: number) => Promise<string | undefined> {
  return async (mspId, height) => {
    const client = options.others.find((other) => other.mspId === mspId);
    const config = options.config();
    if (client === undefined || config === undefined) return undefined;
    try {
      const body = { channel: options.channel, height };
      const { proof } = await client.call('block', body, { deadlineMs: EVIDENCE_DEADLINE_MS });
      const { number, headerHash } = checkBlockProof(config, fromBase64(proof));
      return Number(number) === height ? toHex(headerHash) : undefined;
    } catch {
      return undefined;
    }
  };
}
