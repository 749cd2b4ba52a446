import { ORGANISATIONS } from './consortium.ts';
import { USERS, type OrganisationName } from './people.ts';
import { STAFF_ID, type CastEntry } from './resources.ts';
import type { Story } from './story.ts';

/** Who writes the directory entries of each organisation. */
export const DIRECTORY_CLERK: Readonly<Record<OrganisationName, string>> = {
  north: 'cora',
  south: 'clara',
  acme: 'anna',
  authority: 'rita',
};

const STAFF = new Set(['doctor', 'nurse', 'lab-technician', 'pharmacist']);

/** The organisations and the clinical staff, as every member sees them. */
export function directoryStory(): Story {
  const writers = ORGANISATIONS.filter((organisation) => organisation.kind === 'hospital');
  const steps = writers.map((organisation) => ({
    do: 'write' as const,
    as: DIRECTORY_CLERK[organisation.name],
    entries: [...(organisation.name === 'north' ? organisations() : []), ...staffOf(organisation.name)],
  }));
  return { name: 'directory', steps };
}

function organisations(): CastEntry[] {
  return ORGANISATIONS.map((organisation) => ({
    key: organisation.name,
    resource: {
      resourceType: 'Organization',
      identifier: [{ system: 'urn:healthchain:demo:organisation', value: organisation.mspId }],
      active: true,
      name: organisation.title,
    },
  }));
}

function staffOf(organisation: OrganisationName): CastEntry[] {
  return USERS.filter((user) => user.organisation === organisation && STAFF.has(user.role)).map((user) => ({
    key: `staff-${user.handle}`,
    resource: {
      resourceType: 'Practitioner',
      identifier: [{ system: STAFF_ID, value: user.handle }],
      active: true,
      name: [{ text: user.name }],
    },
  }));
}
