import { join } from 'node:path';
import { LedgerError } from '../error.ts';
import { cutBlocks } from '../ordering/index.ts';
import { repairSigningLog } from '../ordering/signing-repair.ts';
import { BlockLog, readOnlyFiles, type FileStore } from '../storage/index.ts';
import type { RepairReport } from './control.ts';
import type { FileFinding } from './inspect.ts';
import { scanBlocks } from './stored-blocks.ts';

/**
 * Puts right what a stopped orderer keeps of a channel. Its blocks end before the first damage: the rest comes from other orderers
 * as it starts. An authority that does not know any more what it signed takes no part in any height that it may have signed at.
 * `heights`: numbers of blocks of all running nodes. @throws LedgerError NOT_REPAIRABLE when none has the blocks that are damaged
 */
export async function repairOrderer(
  directory: string,
  files: FileStore,
  heights: { readonly orderers: readonly number[]; readonly peers: readonly number[] },
): Promise<Omit<RepairReport, 'channel'>> {
  const { findings, count, firstDamage } = await inspectBlocks(directory);
  if (firstDamage !== undefined) {
    if (Math.max(0, ...heights.orderers) < count) {
      throw new LedgerError('NOT_REPAIRABLE', 'No running orderer has all blocks that this one has had', {
        details: { hint: 'Start another orderer of the channel, then repair again.' },
      });
    }
    await cutBlocks(files, directory, firstDamage);
  }
  const known = Math.max(count, ...heights.orderers, ...heights.peers);
  const signing = await repairSigningLog(files, join(directory, 'signing'), known);
  return {
    findings: [...findings, ...signing.findings.map((finding) => ({ ...finding, carriesData: true }))],
    blocks: [],
    rows: [],
    isStateRebuilt: false,
    ...(signing.silentBelow !== undefined && { silentBelow: signing.silentBelow }),
  };
}

async function inspectBlocks(directory: string) {
  const log = await BlockLog.open(readOnlyFiles, join(directory, 'blocks'));
  try {
    const { damages, count, places } = await scanBlocks(log);
    const findings = damages.map(({ segment, offset, number }): FileFinding => {
      const named = number === undefined || places.has(number) ? undefined : number;
      const problem = named === undefined ? 'a block is damaged' : `block ${named} is damaged`;
      const place = { file: log.path(segment), offset, ...(named !== undefined && { block: named }) };
      return { ...place, problem, carriesData: true };
    });
    return { findings, count, firstDamage: damages[0] };
  } finally {
    await log.close();
  }
}
