import { ORGANISATIONS } from './consortium.ts';
import { USERS, type OrganisationName } from './people.ts';
import { STAFF_ID, type CastEntry } from './resources.ts';
import { FACE_SYSTEM } from '@healthchain/server';
import type { Story } from './story.ts';

/** Who writes the directory entries of each organisation. */
const DIRECTORY_CLERK: Readonly<Record<OrganisationName, string>> = {
  north: 'cora',
  south: 'clara',
  acme: 'anna',
  authority: 'rita',
};

const STAFF = new Set(['doctor', 'nurse', 'lab-technician', 'pharmacist']);

/** How the ledger knows a user, by handle: `<mspId>/<userId>`. */
export type LedgerNames = ReadonlyMap<string, string>;

/** The organisations and the clinical staff, as every member sees them. */
export function directoryStory(names: LedgerNames): Story {
  const writers = ORGANISATIONS.filter((organisation) => organisation.kind === 'hospital');
  const steps = writers.map((organisation) => ({
    do: 'write' as const,
    as: DIRECTORY_CLERK[organisation.name],
    entries: [...organisationsBy(organisation.name), ...staffOf(organisation.name, names)],
  }));
  return { name: 'directory', steps };
}

/** Each hospital describes itself, North also those who write no care records: only its own entry stands for an organisation. */
function organisationsBy(writer: OrganisationName): CastEntry[] {
  const described = ORGANISATIONS.filter(
    ({ name, kind }) => name === writer || (writer === 'north' && kind !== 'hospital'),
  );
  return described.map((organisation) => ({
    key: organisation.name,
    resource: {
      resourceType: 'Organization',
      identifier: [{ system: FACE_SYSTEM.organisation, value: organisation.mspId }],
      active: true,
      name: organisation.title,
    },
  }));
}

function staffOf(organisation: OrganisationName, names: LedgerNames): CastEntry[] {
  return USERS.filter((user) => user.organisation === organisation && STAFF.has(user.role)).map((user) => ({
    key: `staff-${user.handle}`,
    resource: {
      resourceType: 'Practitioner',
      identifier: [
        { system: STAFF_ID, value: user.handle },
        { system: FACE_SYSTEM.user, value: names.get(user.handle) },
      ],
      active: true,
      name: [{ text: user.name }],
    },
  }));
}
