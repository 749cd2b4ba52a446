import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '@healthchain/core';
import { checkOrdering } from '../ordering/index.ts';
import { openLevel } from '../storage/index.ts';
import { blockKey, stateKey } from '../storage/ledger-keys.ts';
import { decodeStateRow, encodeStateRow } from '../storage/state-rows.ts';
import { verifyChain } from '../verify/index.ts';
import { decodeBlock, openOfflineLedger } from './index.ts';
import { startTestNetwork, text, type TestNetwork } from './testing.ts';

const PEER = 'peer0.north';
const WRITES = 6;

let network: TestNetwork;
let sound: string;

/** All cases work on the files of one peer that is stopped; what it had is put back before each. */
beforeAll(async () => {
  network = await startTestNetwork();
  const contract = await network.contract('SouthMSP');
  for (let i = 0; i < WRITES; i++) await contract.submitTransaction('put', `k${i}`, `value ${i}`);
  await network.engine.stop(PEER);
  sound = `${network.directory}-sound`;
  await cp(filesOf(PEER), sound, { recursive: true });
});
beforeEach(async () => {
  await network.engine.stop(PEER);
  await rm(filesOf(PEER), { recursive: true });
  await cp(sound, filesOf(PEER), { recursive: true });
});
afterAll(async () => {
  await network?.close();
  if (sound !== undefined) await rm(sound, { recursive: true, force: true });
});

describe('the files of a stopped peer', () => {
  it('verify, and reading them changes nothing', async () => {
    const before = await contentOf(filesOf(PEER));
    expect(await findings()).toEqual([]);
    expect(await contentOf(filesOf(PEER))).toEqual(before);
  });

  it.each([
    ['another value under a valid digest', 'another value', { value: utf8('"forged"') }],
    ['another version under a valid digest', 'another version', { version: { block: 1n, transaction: 0n } }],
  ])('with %s are named with the key', async (_, problem, change) => {
    await rewriteRow('k2', (row) =>
      encodeStateRow('kv', 'k2', { ...decodeStateRow('kv', 'k2', row), ...change }),
    );
    const found = await findings();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ key: { namespace: 'kv', key: 'k2' } });
    expect(found[0]?.problem).toContain(problem);
  });

  it('with a row that nobody wrote, or without one that somebody wrote, are named with the key', async () => {
    const rows = await openLevel(join(filesOf(PEER), 'state'));
    const row = decodeStateRow('kv', 'k1', rows.get(stateKey('kv', 'k1')) as Uint8Array);
    await rows.write([
      { type: 'put', key: stateKey('kv', 'extra'), value: encodeStateRow('kv', 'extra', row) },
      { type: 'del', key: stateKey('kv', 'k1') },
    ]);
    await rows.close();
    const found = await findings();
    expect(found.map(({ key, problem }) => `${key?.key}: ${problem}`)).toEqual([
      'extra: the state has a key that no block wrote',
      'k1: the state lacks a key that this block wrote',
    ]);
  });
});

describe('a peer whose row was changed under its old digest', () => {
  it('refuses the row alone, and the gateway serves it from another peer', async () => {
    await rewriteRow('k2', (row) => Buffer.from(row).fill(0x21, row.length - 3));
    await network.engine.start(PEER);
    const north = await network.contract('NorthMSP');
    expect(text(await north.evaluateTransaction('get', 'k1'))).toBe('"value 1"');
    const own = north.evaluate('get', { arguments: ['k2'], endorsingOrganizations: ['NorthMSP'] });
    await expect(own).rejects.toThrow();
    expect(text(await north.evaluateTransaction('get', 'k2'))).toBe('"value 2"');
    const { id } = await network.engine.openSnapshot(PEER, 'care');
    expect((await network.engine.stateRows(id)).damaged).toEqual([{ namespace: 'kv', key: 'k2' }]);
    const status = await network.engine.status();
    expect(status.find((node) => node.id === PEER)?.channels[0]?.damage).toMatch(/"k2" in kv is damaged/);
  });

  it('answers nothing from a contract that passes over the damage, and others endorse in its place', async () => {
    await rewriteRow('k2', (row) => Buffer.from(row).fill(0x21, row.length - 3));
    await network.engine.start(PEER);
    const north = await network.contract('NorthMSP');
    expect(text(await north.evaluateTransaction('getOrNothing', 'k2'))).toBe('"value 2"');
    await (await network.contract('SouthMSP')).submitTransaction('copy', 'k2', 'k2-copy');
    expect(text(await north.evaluateTransaction('get', 'k2-copy'))).toBe('"value 2"');
  });

  it('passes on what needs a damaged block too: histories and blocks come from others', async () => {
    const number = await blockThatWrote('k2');
    await changeBlock(number);
    await network.engine.start(PEER);
    const gateway = await network.gateway('NorthMSP');
    const contract = gateway.getNetwork('care').getContract('kv');
    expect(text(await contract.evaluateTransaction('history', 'k2'))).toBe('["value 2"]');
    const qscc = gateway.getNetwork('care').getContract('qscc');
    const bytes = await qscc.evaluateTransaction('GetBlockByNumber', 'care', String(number));
    expect(Number(decodeBlock(bytes).number)).toBe(number);
    const [north] = await network.engine.repair(PEER);
    expect(north?.blocks).toEqual([number]);
  });

  it('is put right by a repair of that row alone', async () => {
    await rewriteRow('k2', (row) => Buffer.from(row).fill(0x21, row.length - 3));
    await network.engine.start(PEER);
    const [report] = await network.engine.repair(PEER, 'care');
    expect(report).toMatchObject({ rows: [{ namespace: 'kv', key: 'k2' }], isStateRebuilt: false });
    await network.engine.stop(PEER);
    expect(await findings()).toEqual([]);
  });
});

describe('a peer that cannot rely on its files', () => {
  it.each(['blocks', 'state'])(
    'stays out when its %s are damaged, says why, and the others go on',
    async (kind) => {
      await changeLast(kind);
      await expect(network.engine.start(PEER)).rejects.toMatchObject({
        code: kind === 'blocks' ? 'BLOCK_CORRUPT' : 'STORE_CORRUPT',
      });
      const status = await network.engine.status();
      expect(status.find(({ id }) => id === PEER)).toMatchObject({ state: 'failed' });
      const north = await network.contract('NorthMSP');
      expect(text(await north.evaluateTransaction('get', 'k1'))).toBe('"value 1"');
    },
  );

  it.each(['blocks', 'state'])('starts again once its %s are repaired from the others', async (kind) => {
    await changeLast(kind);
    await expect(network.engine.start(PEER)).rejects.toThrow();
    const [report] = await network.engine.repair(PEER);
    expect(report?.blocks).toHaveLength(kind === 'blocks' ? 1 : 0);
    expect(report?.isStateRebuilt).toBe(kind === 'state');
    expect((await network.engine.status()).find(({ id }) => id === PEER)?.state).toBe('running');
    await network.engine.stop(PEER);
    expect(await findings()).toEqual([]);
  });

  it('does not look for a block of which only a damaged key speaks', async () => {
    const rows = await openLevel(join(filesOf(PEER), 'state'));
    const value = rows.get(blockKey(1)) as Uint8Array;
    await rows.write([
      { type: 'del', key: blockKey(1) },
      { type: 'put', key: blockKey(1 + 2 ** 20), value },
    ]);
    await rows.close();
    const [report] = await network.engine.repair(PEER);
    expect(report).toMatchObject({ blocks: [], isStateRebuilt: true });
    await network.engine.stop(PEER);
    expect(await findings()).toEqual([]);
  });

  it('starts again when its last block and its state are both damaged', async () => {
    await changeLast('blocks');
    await changeLast('state');
    const [report] = await network.engine.repair(PEER);
    expect(report?.findings.length).toBeGreaterThanOrEqual(2);
    await network.engine.stop(PEER);
    expect(await findings()).toEqual([]);
  });

  it('says what to start when nobody has the block that it lacks', async () => {
    await changeLast('blocks');
    await network.engine.stop('peer0.south');
    await network.engine.stop('peer0.authority');
    await expect(network.engine.repair(PEER)).rejects.toMatchObject({
      code: 'NOT_REPAIRABLE',
      details: { hint: expect.stringContaining('Start another peer') },
    });
    await network.engine.start('peer0.south');
    await network.engine.start('peer0.authority');
  });

  it('makes its state again when asked, and says from how much', async () => {
    await network.engine.start(PEER);
    const [report] = await network.engine.rebuild(PEER, 'care');
    expect(report).toMatchObject({ channel: 'care', blocks: expect.any(Number) });
    expect(report?.transactions).toBeGreaterThanOrEqual(WRITES);
    await expect(network.engine.rebuild(PEER, 'elsewhere')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(network.engine.rebuild('orderer0.north')).rejects.toMatchObject({ code: 'UNKNOWN_NODE' });
    await network.engine.stop(PEER);
    expect(await findings()).toEqual([]);
  });

  it('does not keep the engine from starting', async () => {
    await changeLast('blocks');
    await network.restart();
    const status = await network.engine.status();
    expect(status.filter(({ state }) => state !== 'running').map(({ id }) => id)).toEqual([PEER]);
    const south = await network.contract('SouthMSP');
    await south.submitTransaction('put', 'after', 'all');
  });
});

function filesOf(peer: string): string {
  return join(network.directory, 'nodes', peer, 'care');
}

async function findings() {
  const ledger = await openOfflineLedger({ directory: network.directory, peer: PEER, channel: 'care' });
  const report = await verifyChain({
    blocks: ledger.blocks(),
    state: ledger.state(),
    ordering: checkOrdering,
  });
  await ledger.close();
  return report.findings;
}

async function rewriteRow(key: string, change: (row: Uint8Array) => Uint8Array): Promise<void> {
  const rows = await openLevel(join(filesOf(PEER), 'state'));
  const name = stateKey('kv', key);
  await rows.write([{ type: 'put', key: name, value: change(rows.get(name) as Uint8Array) }]);
  await rows.close();
}

async function blockThatWrote(key: string): Promise<number> {
  const ledger = await openOfflineLedger({ directory: network.directory, peer: PEER, channel: 'care' });
  for await (const row of ledger.state()) {
    if (row.key !== key) continue;
    await ledger.close();
    return Number(row.version.block);
  }
  throw new Error(`nobody wrote ${key}`);
}

/** A byte of the block's content, found by its number in the frames: 48 bytes before each payload and one behind. */
async function changeBlock(number: number): Promise<void> {
  const path = join(filesOf(PEER), 'blocks', '000000.blocks');
  const bytes = await readFile(path);
  let start = 0;
  for (let i = 0; i < number; i++) start += 49 + bytes.readUInt32BE(start + 12);
  bytes.writeUInt8(bytes.readUInt8(start + 100) ^ 1, start + 100);
  await writeFile(path, bytes);
}

/** A byte in the middle of the last block; a byte in the middle of the state's largest file. */
async function changeLast(kind: string): Promise<void> {
  const directory = join(filesOf(PEER), kind);
  const names = (await readdir(directory)).filter((name) => /\.(blocks|ldb|log)$/.test(name));
  const sized = await Promise.all(
    names.map(async (name) => ({ name, size: (await stat(join(directory, name))).size })),
  );
  const largest = sized.toSorted((a, b) => b.size - a.size)[0]?.name as string;
  const bytes = await readFile(join(directory, largest));
  const offset = kind === 'blocks' ? bytes.length - 20 : Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset);
  await writeFile(join(directory, largest), bytes);
}

async function contentOf(directory: string): Promise<Record<string, string>> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const content = await Promise.all(
    files.map(async (file) => [file, (await readFile(file)).toString('base64')]),
  );
  return Object.fromEntries(content) as Record<string, string>;
}
