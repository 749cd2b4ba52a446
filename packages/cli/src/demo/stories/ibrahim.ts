import { PROBLEMS } from '../codes.ts';
import { condition, patient } from '../resources.ts';
import type { Story, StoryContext } from '../story.ts';

/** Registered twice at North, under two spellings; merged by two clerks. */
export function ibrahim({ time }: StoryContext): Story {
  return {
    name: 'Ibrahim',
    steps: [
      {
        do: 'write',
        as: 'omar',
        entries: [
          {
            key: 'ibrahim-north',
            resource: patient({
              family: 'Haddad',
              given: 'Ibrahim',
              gender: 'male',
              birthDate: '1971-09-09',
              mrn: 'N-1007',
              nationalId: '19710909-3311',
            }),
          },
          {
            key: 'ibrahim-thyroid',
            resource: condition('ibrahim-north', PROBLEMS.hypothyroidism, time.dateAgo(1000)),
          },
        ],
      },
      { do: 'bind', user: 'ibrahim', patient: 'ibrahim-north', circle: 'care' },
      {
        do: 'write',
        as: 'nina',
        entries: [
          {
            key: 'ibrahim-twin',
            resource: patient({
              family: 'Hadad',
              given: 'Ibrahim',
              gender: 'male',
              birthDate: '1971-09-09',
              mrn: 'N-1044',
            }),
          },
          {
            key: 'ibrahim-fracture',
            resource: condition('ibrahim-twin', PROBLEMS.fracture, time.dateAgo(90)),
          },
        ],
      },
      { do: 'merge', by: ['cora', 'carl'], from: 'ibrahim-twin', into: 'ibrahim-north' },
    ],
  };
}
