import { hasQuorumPolicy, type ChannelConfig } from '../config/index.ts';
import { LedgerError } from '../error.ts';
import { councilOf } from './council.ts';
import { quorumOf } from './quorum.ts';

/**
 * What authorities ask of a configuration before they order it: after it there must be some that can. @throws LedgerError
 * CONFIG_REFUSED; BAD_CONFIG for a consenter that is no identity of the channel
 */
export function mustBeOrderable(config: ChannelConfig): void {
  const { consenters } = config;
  if (consenters.length === 0) throw refused('it names no consenter');
  if (new Set(consenters.map(({ id }) => id)).size < consenters.length)
    throw refused('two consenters have one number');
  if (new Set(consenters.map(({ identity }) => identity.trim())).size < consenters.length)
    throw refused('two consenters have one certificate');
  const council = councilOf(config);
  const { authorities } = council;
  const able = authorities.filter((authority) => council.identityOf(authority) !== undefined).length;
  const quorum = quorumOf(authorities.length);
  if (able < quorum)
    throw refused(
      `${able} of its ${authorities.length} consenters have valid certificates, a block needs ${quorum}`,
    );
  if (!hasQuorumPolicy(config)) throw refused('BlockValidation is not the quorum of its consenters');
}

function refused(why: string): LedgerError {
  return new LedgerError('CONFIG_REFUSED', `the configuration could not be ordered under: ${why}`);
}
