import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVerifier } from '../crypto/index.ts';
import { checkOrdering } from '../ordering/index.ts';
import { openLevel } from '../storage/index.ts';
import { verifyChain } from '../verify/index.ts';
import { createNetwork, openOfflineLedger, startEngine } from './index.ts';
import { TEST_DEFINITION, testChaincode } from './testing.ts';

const KILLS = 3;
const WRITES_BEFORE_KILL = 15;
const PEERS = ['peer0.north', 'peer0.south', 'peer0.authority'];

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ledger-kill-'));
  await createNetwork({ directory, definition: TEST_DEFINITION, now: new Date() });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Runs the writing process until it has acknowledged enough, and kills it without warning. */
function writeUntilKilled(prefix: string): Promise<string[]> {
  const program = fileURLToPath(new URL('./kill.child.ts', import.meta.url));
  const child = spawn(process.execPath, [program, directory, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.split('\n').length > WRITES_BEFORE_KILL) child.kill('SIGKILL');
    });
    child.once('close', (_code, signal) => {
      if (signal === 'SIGKILL') resolve(output.split('\n').slice(0, -1));
      else reject(new Error(`the writing process ended by itself:\n${output}`));
    });
  });
}

async function verifyPeer(peer: string) {
  const ledger = await openOfflineLedger({ directory, peer, channel: 'care' });
  try {
    const verifier = createVerifier();
    return await verifyChain({
      blocks: ledger.blocks(),
      state: ledger.state(),
      ordering: checkOrdering,
      verifier,
    });
  } finally {
    await ledger.close();
  }
}

it('loses nothing acknowledged when the process is killed, again and again', async () => {
  const acknowledged: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) acknowledged.push(...(await writeUntilKilled(`k${kill}`)));
  const engine = await startEngine({ directory, chaincodes: { kv: testChaincode }, worker: false });
  await expect
    .poll(async () => new Set((await engine.status()).map(({ channels }) => channels[0]?.height)).size, {
      timeout: 10_000,
    })
    .toBe(1);
  await engine.close();
  for (const peer of PEERS) {
    const report = await verifyPeer(peer);
    expect(report.findings).toEqual([]);
    const ledger = await openOfflineLedger({ directory, peer, channel: 'care' });
    const keys = new Set<string>();
    for await (const { namespace, key } of ledger.state()) if (namespace === 'kv') keys.add(key);
    await ledger.close();
    expect(acknowledged.filter((key) => !keys.has(key))).toEqual([]);
  }
}, 120_000);

it('names a changed block and a changed row of one peer, refuses them, and repairs them from the others', async () => {
  await writeUntilKilled('flip');
  const peer = PEERS[0] as string;
  const folder = join(directory, 'nodes', peer, 'care');
  const [segment = ''] = await readdir(join(folder, 'blocks'));
  const bytes = await readFile(join(folder, 'blocks', segment));
  const target = bytes.indexOf(Buffer.from('flip-0-1')) + 1;
  bytes[target] = (bytes[target] ?? 0) ^ 0x20;
  await writeFile(join(folder, 'blocks', segment), bytes);
  const level = await openLevel(join(folder, 'state'));
  const key = Buffer.from('skv\0flip-1-0');
  const row = Buffer.from(level.get(key) ?? []);
  row[row.length - 1] = (row.at(-1) ?? 0) ^ 1;
  await level.write([{ type: 'put', key, value: row }]);
  await level.close();

  const ledger = await openOfflineLedger({ directory, peer, channel: 'care' });
  const readAll = async (items: AsyncIterable<unknown>) => {
    for await (const item of items) void item;
  };
  await expect(readAll(ledger.blocks())).rejects.toMatchObject({ code: 'BLOCK_CORRUPT' });
  await expect(readAll(ledger.state())).rejects.toMatchObject({
    code: 'STATE_CORRUPT',
    details: { namespace: 'kv', key: 'flip-1-0' },
  });
  await ledger.close();

  const engine = await startEngine({ directory, chaincodes: { kv: testChaincode }, worker: false });
  const [repaired] = await engine.repair(peer, 'care');
  expect(repaired?.blocks.length).toBe(1);
  expect(repaired?.rows).toEqual([{ namespace: 'kv', key: 'flip-1-0' }]);
  await engine.close();
  expect((await verifyPeer(peer)).findings).toEqual([]);
}, 120_000);
