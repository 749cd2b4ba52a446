import type { Caller } from '../../ports.ts';
import type { CustodyService } from '../custody/service.ts';
import { ExchangeError } from '../error.ts';
import type { Keystore } from './keystore.ts';

/**
 * ports.ts `Exchange.knows`. While the own custodian is stopped there is nobody to ask: then no content leaves this server either, and
 * what is signed is judged by the ledger.
 */
export function isKnown(
  { custody, keystore, home }: { custody: CustodyService; keystore: Keystore; home: string },
  { mspId, userId, role }: Caller,
): boolean {
  const certificate = certificateOf(keystore, userId);
  if (certificate === undefined) return false;
  if (!custody.running) return true;
  const identity = custody.own(home).identities.identify(mspId, certificate);
  return identity?.userId === userId && identity.role === role;
}

function certificateOf(keystore: Keystore, userId: string): string | undefined {
  try {
    return keystore.keyPair(userId).certificate;
  } catch (error) {
    if (error instanceof ExchangeError && error.code === 'FORBIDDEN') return undefined;
    throw error;
  }
}
