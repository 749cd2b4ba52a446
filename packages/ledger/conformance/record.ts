import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { common } from '@hyperledger/fabric-protos';
import { readBlocks } from './blocks.ts';
import { encodeChain } from './chain-file.ts';
import { openSession } from './session.ts';
import { CHANNELS } from './target.ts';
import type { Target } from './target.ts';

/**
 * Writes the chain of every channel, as the first organisation's peer committed it, into `folder`/<target>-<channel>.chain.br.
 * After a run of all cases they hold every validation code that can be provoked.
 */
export async function recordChains(target: Target, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  for (const channel of Object.values(CHANNELS)) {
    const session = await openSession(target, { channel });
    const qscc = session.network.getContract('qscc');
    const info = common.BlockchainInfo.deserializeBinary(
      await qscc.evaluateTransaction('GetChainInfo', channel),
    );
    const blocks = await readBlocks(session, 0n, BigInt(info.getHeight()) - 1n);
    const file = join(folder, `${target.name.replaceAll(' ', '-')}-${channel}.chain.br`);
    await writeFile(file, encodeChain(blocks.map((block) => block.serializeBinary())));
    files.push(file);
  }
  return files;
}
