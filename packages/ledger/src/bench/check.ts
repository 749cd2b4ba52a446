import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LedgerError } from '../error.ts';

/** Verifies a stopped peer's blocks in a process of its own, and that every acknowledged transaction is VALID in them. */
export async function checkInProcess(
  directory: string,
  peer: string,
  channel: string,
  acknowledged: readonly string[],
): Promise<void> {
  const list = join(directory, 'acknowledged.json');
  await writeFile(list, JSON.stringify(acknowledged));
  const program = fileURLToPath(new URL('./check-main.ts', import.meta.url));
  const child = spawn(process.execPath, [program, directory, peer, channel, list], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let problem = '';
  child.stderr.on('data', (chunk: Buffer) => {
    problem += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new LedgerError('REFUSED', `The blocks do not bear out the measurement: ${problem.trim()}`);
}
