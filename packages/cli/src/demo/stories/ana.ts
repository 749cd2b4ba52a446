import { hemoglobin, weight } from '../codes.ts';
import { encounter, observation, patient } from '../resources.ts';
import type { Story, StoryContext } from '../story.ts';

/** A mother and her newborn, who has no national id. */
export function ana({ time }: StoryContext): Story {
  return {
    name: 'Ana and her newborn',
    steps: [
      {
        do: 'write',
        as: 'nina',
        entries: [
          {
            key: 'ana-north',
            resource: patient({
              family: 'Moreno',
              given: 'Ana',
              gender: 'female',
              birthDate: '1994-08-21',
              mrn: 'N-1003',
              nationalId: '19940821-1120',
            }),
          },
          {
            key: 'ana-birth',
            resource: encounter({
              subject: 'ana-north',
              start: time.ago(2, 4),
              kind: 'IMP',
              reason: 'Delivery',
              provider: 'north',
            }),
          },
          {
            key: 'ana-hemoglobin',
            resource: observation({
              subject: 'ana-north',
              at: time.ago(1),
              category: 'laboratory',
              measured: hemoglobin(11.4),
              encounter: 'ana-birth',
            }),
          },
        ],
      },
      { do: 'bind', user: 'ana', patient: 'ana-north', circle: 'care' },
      {
        do: 'write',
        as: 'nina',
        entries: [
          {
            key: 'newborn',
            resource: patient({
              family: 'Moreno',
              given: 'Newborn',
              gender: 'female',
              birthDate: time.dateAgo(2),
              mrn: 'N-1004',
            }),
          },
          {
            key: 'newborn-stay',
            resource: encounter({
              subject: 'newborn',
              start: time.ago(2, 5),
              kind: 'IMP',
              reason: 'Newborn care',
              provider: 'north',
            }),
          },
          {
            key: 'newborn-weight',
            resource: observation({
              subject: 'newborn',
              at: time.ago(2),
              category: 'vital-signs',
              measured: weight(3.42),
              encounter: 'newborn-stay',
            }),
          },
        ],
      },
    ],
  };
}
