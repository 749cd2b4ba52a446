import type { ExchangeContext } from '../context.ts';
import { ExchangeError } from '../error.ts';

/**
 * Mutual TLS lets in every member of the consortium; what a channel has is for its own members, heights and matches included.
 *
 * @throws ExchangeError FORBIDDEN, alike for a channel that there is not
 */
export function assertOnChannel(
  channels: ExchangeContext['channels'],
  channel: string,
  member: string,
): void {
  if (channels.some(({ name, members }) => name === channel && members.includes(member))) return;
  throw new ExchangeError('FORBIDDEN', 'The caller is no member of this channel');
}
