import type { RunningOrganisation } from './organisation.ts';
import { enrolUser } from './identities.ts';
import type { ConsortiumState } from './state.ts';

/** Every user gets a certificate, whose key the server of the own organisation keeps sealed; who has one keeps it. */
export async function enrolMissingUsers(
  data: string,
  state: ConsortiumState,
  organisations: readonly RunningOrganisation[],
): Promise<void> {
  for (const { organisation, exchange } of organisations) {
    const enrolled = new Set(exchange.keystore.users().map((user) => user.userId));
    const missing = state.users.filter(
      (user) => user.organisation === organisation.name && !enrolled.has(user.userId),
    );
    for (const user of missing) {
      exchange.keystore.put(user.userId, user.role, await enrolUser(data, organisation, user));
    }
  }
}
