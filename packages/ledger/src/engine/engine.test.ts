import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Contract } from '@hyperledger/fabric-gateway';
import { startTestNetwork, text, type TestNetwork } from './testing.ts';

describe('an engine in this thread', () => {
  let network: TestNetwork;
  let north: Contract;
  let south: Contract;
  beforeAll(async () => {
    network = await startTestNetwork();
    north = await network.contract('NorthMSP');
    south = await network.contract('SouthMSP');
  });
  afterAll(() => network?.close());

  it('writes by fabric-gateway and reads from every organisation', async () => {
    await north.submitTransaction('put', 'a', '1');
    expect(text(await north.evaluateTransaction('get', 'a'))).toBe('"1"');
    await expect.poll(async () => text(await south.evaluateTransaction('get', 'a'))).toBe('"1"');
  });
});

describe('an engine in a worker', () => {
  let network: TestNetwork;
  beforeAll(async () => {
    network = await startTestNetwork({
      worker: true,
      chaincodes: { kv: { module: new URL('./testing.ts', import.meta.url).href, export: 'testChaincode' } },
    });
  });
  afterAll(() => network?.close());

  it('serves the same calls over a port, and refuses as refused', async () => {
    const contract = await network.contract();
    await contract.submitTransaction('put', 'a', '1');
    expect(text(await contract.evaluateTransaction('get', 'a'))).toBe('"1"');
    await expect(contract.evaluateTransaction('unknown')).rejects.toMatchObject({
      code: 2,
      details: [{ mspId: 'NorthMSP', message: 'chaincode response 500, no function unknown' }],
    });
    await expect(network.engine.stop('peer9.north')).rejects.toMatchObject({ code: 'UNKNOWN_NODE' });
  });
});
