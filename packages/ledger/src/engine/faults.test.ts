import { afterEach, describe, expect, it } from 'vitest';
import { startTestNetwork, text, type TestNetwork } from './testing.ts';

let network: TestNetwork;
afterEach(() => network?.close());

async function heights(): Promise<Record<string, number>> {
  const status = await network.engine.status();
  return Object.fromEntries(status.map(({ id, channels }) => [id, channels[0]?.height ?? 0]));
}

describe('with nodes stopped', () => {
  it.each(['orderer0.north', 'orderer0.south', 'orderer0.authority'])(
    'goes on writing without %s, which catches up',
    async (orderer) => {
      network = await startTestNetwork();
      const contract = await network.contract();
      await network.engine.stop(orderer);
      for (let i = 0; i < 7; i++) await contract.submitTransaction('put', `k${i}`, String(i));
      await network.engine.start(orderer);
      for (let i = 7; i < 10; i++) await contract.submitTransaction('put', `k${i}`, String(i));
      const before = await heights();
      await expect.poll(async () => new Set(Object.values(await heights())).size, { timeout: 5000 }).toBe(1);
      expect((await heights())[orderer]).toBeGreaterThanOrEqual(before['peer0.north'] ?? 0);
    },
  );

  it('stops writing without a quorum of orderers, goes on reading, and resumes', async () => {
    network = await startTestNetwork();
    const contract = await network.contract();
    await contract.submitTransaction('put', 'a', '1');
    await network.engine.stop('orderer0.north');
    await network.engine.stop('orderer0.south');
    await expect(contract.submitTransaction('put', 'a', '2')).rejects.toMatchObject({ code: 14 });
    expect(text(await contract.evaluateTransaction('get', 'a'))).toBe('"1"');
    await network.engine.start('orderer0.south');
    await contract.submitTransaction('put', 'a', '3');
    expect(text(await contract.evaluateTransaction('get', 'a'))).toBe('"3"');
  });

  it.each(['peer0.north', 'peer0.south', 'peer0.authority'])(
    'reads and writes through every gateway without %s, which catches up',
    async (peer) => {
      network = await startTestNetwork();
      await network.engine.stop(peer);
      for (const mspId of ['NorthMSP', 'SouthMSP', 'AuthorityMSP']) {
        const contract = await network.contract(mspId);
        await contract.submitTransaction('put', mspId, 'written');
        expect(text(await contract.evaluateTransaction('get', mspId))).toBe('"written"');
      }
      await network.engine.start(peer);
      await expect.poll(async () => new Set(Object.values(await heights())).size, { timeout: 5000 }).toBe(1);
    },
  );

  it('serves a session from a peer that has its writes while the own peer is paused', async () => {
    network = await startTestNetwork();
    const contract = await network.contract();
    await contract.submitTransaction('put', 'a', '1');
    await network.engine.pause('peer0.south');
    await contract.submitTransaction('put', 'a', '2');
    const south = await network.contract('SouthMSP');
    expect(text(await south.evaluateTransaction('get', 'a'))).toBe('"1"');
    await network.engine.resume('peer0.south');
    await expect.poll(async () => text(await south.evaluateTransaction('get', 'a'))).toBe('"2"');
  });
});

describe('concurrent writers of one key', () => {
  it('commits exactly one of those that read the same version', async () => {
    network = await startTestNetwork();
    const contract = await network.contract();
    await contract.submitTransaction('put', 'counter', '0');
    const attempts = await Promise.allSettled(
      Array.from({ length: 8 }, () => contract.submitTransaction('increment', 'counter')),
    );
    const committed = attempts.filter(({ status }) => status === 'fulfilled').length;
    const refused = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason] : []));
    expect(committed).toBeGreaterThanOrEqual(1);
    for (const reason of refused) expect(reason).toMatchObject({ code: 11 });
    const value = text(await contract.evaluateTransaction('get', 'counter'));
    expect(value).toBe(JSON.stringify(String(committed)));
  });
});

describe('a restart', () => {
  it('keeps what was committed and goes on', async () => {
    network = await startTestNetwork();
    const contract = await network.contract();
    for (let i = 0; i < 5; i++) await contract.submitTransaction('put', 'a', String(i));
    await network.restart();
    const again = await network.contract();
    expect(text(await again.evaluateTransaction('history', 'a'))).toBe('["4","3","2","1","0"]');
    await again.submitTransaction('del', 'a');
    expect(text(await again.evaluateTransaction('get', 'a'))).toBe('""');
  });
});
