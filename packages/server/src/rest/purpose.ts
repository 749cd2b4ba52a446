import { RestError } from './error.ts';
import type { Interaction } from './interactions.ts';
import type { Visit } from './visit.ts';

/** @throws RestError FORBIDDEN when the table does not open an interaction to the role and purpose of the caller's token */
export function assertOpen({ context: { caller } }: Visit, row: Interaction): void {
  if (!row.purposes.includes(caller.purpose)) {
    throw new RestError('FORBIDDEN', `${row.name} is not open to the purpose ${caller.purpose}`);
  }
  if (row.roles !== undefined && !row.roles.includes(caller.role)) {
    throw new RestError('FORBIDDEN', `${row.name} is not open to the role ${caller.role}`);
  }
}
