import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayEndpoint } from '../context.ts';
import { ExchangeError } from '../error.ts';
import { HEIGHT_POLL_MS, HEIGHT_WAIT_MS } from './limits.ts';
import type { GatewayPool } from './pool.ts';
import type { ChainInfo } from './wire.ts';

/**
 * Returns when the endpoint's peer has the highest block that this server has shown to anyone, so that no later answer is older
 * than an earlier one. Costs nothing while the server reads from the peer that it wrote through.
 *
 * @throws ExchangeError UNAVAILABLE when the peer does not get there in HEIGHT_WAIT_MS: ask another one
 */
export async function awaitHeight(
  pool: GatewayPool,
  channel: string,
  endpoint: GatewayEndpoint,
  chainInfo: () => Promise<ChainInfo>,
): Promise<void> {
  const wanted = pool.seen(channel);
  const giveUp = Date.now() + HEIGHT_WAIT_MS;
  while (pool.known(endpoint, channel) < wanted) {
    pool.sawBlock(endpoint, channel, (await chainInfo()).height - 1n);
    if (pool.known(endpoint, channel) >= wanted) return;
    if (Date.now() >= giveUp) {
      throw new ExchangeError('UNAVAILABLE', `The peer of ${endpoint.mspId} is behind block ${wanted}`);
    }
    await delay(HEIGHT_POLL_MS);
  }
}
