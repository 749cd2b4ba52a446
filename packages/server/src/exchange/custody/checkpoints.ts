import type { HealthClient } from '@healthchain/contracts';
import type { Checkpoint, Custodian } from '@healthchain/custody';
import type { LedgerFacts } from '../facts/facts.ts';

/** The last checkpoint of a custodian's log by the blocks applied; undefined when there is none. */
export function lastCheckpoint(facts: LedgerFacts, channel: string, mspId: string): Checkpoint | undefined {
  const row = facts.row(channel, 'checkpointHead', mspId)?.row;
  if (row === undefined) return undefined;
  return { custodian: mspId, channel, size: row.size, root: row.root, mapRoot: row.mapRoot };
}

/**
 * Puts a checkpoint on the ledger when one is due. A crash between the transaction and `confirm` is mended at the next start,
 * where the custodian is opened with the ledger's last checkpoint.
 */
export async function checkpointWhenDue(
  custodian: Custodian,
  client: HealthClient,
  now: number,
): Promise<void> {
  const due = custodian.checkpointDue();
  if (due === undefined || due > now) return;
  const material = custodian.checkpoint();
  if (material === undefined) return;
  const { size, root, mapRoot, consistency, channel } = material;
  await client.custody.checkpoint({ size, root, mapRoot, consistency: [...consistency] });
  custodian.confirmCheckpoint({ custodian: material.custodian, channel, size, root, mapRoot });
}
