import { expect, test } from 'vitest';
import type { GatewayEndpoint } from '../context.ts';
import { awaitHeight } from './height.ts';
import { GATEWAY_COOLDOWN_MS } from './limits.ts';
import { GatewayPool } from './pool.ts';

const endpoint = (mspId: string): GatewayEndpoint => ({ mspId, client: {} as GatewayEndpoint['client'] });
const [north, south, acme] = [endpoint('NorthMSP'), endpoint('SouthMSP'), endpoint('AcmeMSP')];

function poolAt(time: { now: number }): GatewayPool {
  const channels = [
    { name: 'care', members: ['NorthMSP', 'SouthMSP'] },
    { name: 'consortium', members: ['NorthMSP', 'SouthMSP', 'AcmeMSP'] },
  ];
  return new GatewayPool([north, south, acme], channels, () => new Date(time.now));
}

test('only members of the channel are asked; who failed lately comes last, for a while', () => {
  const time = { now: 0 };
  const pool = poolAt(time);
  expect(pool.inOrder('care')).toEqual([north, south]);
  expect(pool.inOrder('consortium', 'AcmeMSP')).toEqual([acme]);
  expect(pool.inOrder('care', 'AcmeMSP')).toEqual([]);
  pool.markDown(north);
  expect(pool.inOrder('care')).toEqual([south, north]);
  time.now = GATEWAY_COOLDOWN_MS;
  expect(pool.inOrder('care')).toEqual([north, south]);
});

test('a peer that is behind what was shown is waited for, and refused when it does not come', async () => {
  const pool = poolAt({ now: 0 });
  pool.sawBlock(north, 'care', 7n);
  let height = 5n;
  const chainInfo = () => Promise.resolve({ height: height++, headerHash: new Uint8Array(0) });
  await awaitHeight(pool, 'care', south, chainInfo);
  expect(pool.known(south, 'care')).toBe(7n);
  pool.sawBlock(north, 'care', 100n);
  const stuck = () => Promise.resolve({ height: 8n, headerHash: new Uint8Array(0) });
  await expect(awaitHeight(pool, 'care', south, stuck)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
