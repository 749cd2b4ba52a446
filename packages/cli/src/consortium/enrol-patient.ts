import { randomPersonId, type PersonId } from '@healthchain/core';
import { CliError } from '../error.ts';
import { enrolMissingUsers } from './enrol.ts';
import { bindKey } from './stage.ts';
import { writeState, type UserState } from './state.ts';
import type { Consortium } from './up.ts';

const HANDLE = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * A user of role patient at the authority whose key stands for the person of a Patient. Run again for the same Patient, it finishes
 * what was interrupted.
 *
 * @throws CliError USAGE for a handle that is taken or no handle; NOT_FOUND-like REFUSED for an unknown Patient
 */
export async function enrolPatient(
  consortium: Consortium,
  data: string,
  handle: string,
  patientId: string,
): Promise<{ readonly user: string; readonly role: string }> {
  if (!HANDLE.test(handle)) {
    throw new CliError('USAGE', 'A user is named with 1 to 32 small letters, digits and hyphens');
  }
  const personId = await personOf(consortium, patientId);
  const { state, organisations } = consortium;
  const taken = state.users.find((user) => user.handle === handle);
  const bound = taken === undefined ? undefined : await boundPerson(consortium, taken);
  if (taken !== undefined && (taken.role !== 'patient' || (bound !== undefined && bound !== personId))) {
    throw new CliError('USAGE', `${handle} is somebody else already`);
  }
  if (taken === undefined) {
    state.users.push(newPatient(handle));
    writeState(data, state);
  }
  await enrolMissingUsers(data, state, organisations);
  await bindKey(consortium, handle, patientId, 'care');
  return { user: handle, role: 'patient' };
}

function newPatient(handle: string): UserState {
  const userId = randomPersonId();
  return { handle, name: handle, organisation: 'authority', role: 'patient', purpose: 'PATRQT', userId };
}

async function personOf({ organisations }: Consortium, patientId: string): Promise<PersonId> {
  for (const { exchange } of organisations) {
    const personId = await exchange.persons.ofPatient(patientId);
    if (personId !== undefined) return personId;
  }
  throw new CliError('REFUSED', `No organisation knows Patient/${patientId}`, {
    details: { hint: 'healthchain records --as USER --patient ID shows the ids that a user may see.' },
  });
}

function boundPerson({ organisations }: Consortium, user: UserState): Promise<PersonId | undefined> {
  const authority = organisations.find(({ organisation }) => organisation.name === user.organisation);
  const { userId, role, purpose } = user;
  const mspId = authority?.organisation.mspId ?? '';
  return authority?.exchange.persons.ofCaller({ mspId, userId, role, purpose }) ?? Promise.resolve(undefined);
}
