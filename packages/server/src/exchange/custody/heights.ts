import type { Tip } from '@healthchain/custody';
import type { CustodyClient } from './client.ts';

/** How often the other organisations are asked for their peers' heights: at least every 2 s is what staleness rests on. */
export const HEIGHT_INTERVAL_MS = 1_000;
const HEIGHT_DEADLINE_MS = 1_000;

/** One round of questions; organisations that do not answer are left out. */
export async function otherHeights(
  clients: readonly CustodyClient[],
  channel: string,
): Promise<readonly { readonly mspId: string; readonly tip: Tip }[]> {
  const answers = await Promise.allSettled(
    clients.map(async (client) => ({
      mspId: client.mspId,
      tip: await client.call('height', { channel }, { deadlineMs: HEIGHT_DEADLINE_MS }),
    })),
  );
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}
